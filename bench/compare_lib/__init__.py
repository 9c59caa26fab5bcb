"""bccl beside other libraries: what bench/compare is made of.

settings  which libraries run, and how
session   a library's ranks, alive for the length of a run
points    what was measured
results   medians, bests, ratios, limits and goals
table     results as Markdown
plot      results as curves
"""
