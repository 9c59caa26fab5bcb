"""The ratios of a run at a glance, as Markdown: a line for each collective and number of ranks, a column for each size."""

import statistics
from collections import defaultdict
from collections.abc import Callable

from .results import Results, Row, openmpi_speedup
from .table import COUNTS_MAX, SKEWED_MAX, SLOWER_MAX, bytes_in_words, is_met

Ratio = Callable[[Row], float | None]


def overview_of(results: Results) -> str:
    """What misses is bold."""
    against_openmpi = _matrix(
        "bccl ÷ Open MPI's best (goal, where it is not 1.05)",
        results.rows,
        lambda row: row.openmpi_multiple,
        lambda row: row.goal.openmpi_multiple_max or SLOWER_MAX,
        {"mean of Open MPI ÷ bccl": lambda rows: f"{openmpi_speedup(rows):.2f}", "most ÷ least of the rounds": _spread},
    )
    by_counts = _matrix(
        "by counts ÷ one count", results.rows, lambda row: row.counts_multiple, lambda _: COUNTS_MAX
    )
    skewed = _matrix(
        "skewed, by bytes moved ÷ one count", results.rows, lambda row: row.skewed_multiple, lambda _: SKEWED_MAX
    )
    return "\n".join(part for part in (against_openmpi, by_counts, skewed) if part)


def _matrix(
    title: str,
    rows: list[Row],
    ratio: Ratio,
    goal: Callable[[Row], float],
    summaries: dict[str, Callable[[list[Row]], str]] | None = None,
) -> str:
    lines = defaultdict(dict)
    for row in rows:
        if ratio(row) is not None:
            lines[row.collective, row.ranks, row.placement][_size_class(row.bytes)] = row
    if not lines:
        return ""
    sizes = sorted({size for line in lines.values() for size in line})
    summaries = summaries or {}
    table = [[title, "ranks", *(bytes_in_words(size) for size in sizes), *summaries], ["---"] * (2 + len(sizes) + len(summaries))]
    for (collective, ranks, placement), line in lines.items():
        cells = [_cell(ratio(line[size]), goal(line[size])) if size in line else "" for size in sizes]
        ends = [summary(list(line.values())) for summary in summaries.values()]
        table.append([collective, f"{ranks}, {placement}", *cells, *ends])
    return "".join(f"| {' | '.join(cells)} |\n" for cells in table)


def _size_class(size: int) -> int:
    """What was asked for, of bytes that were rounded up to a block for each rank."""
    return 8 if size <= 32 else size


def _cell(ratio: float, goal: float) -> str:
    shown = f"{ratio:.2f}" if is_met("≤", goal, ratio) else f"**{ratio:.2f}**"
    return shown if goal == SLOWER_MAX or goal == SKEWED_MAX else f"{shown} ({goal:.2f})"


def _spread(rows: list[Row]) -> str:
    """The typical row's, of bccl and of Open MPI."""
    spreads = (
        statistics.median(row.best[library].most / row.best[library].least for row in rows) for library in ("bccl", "openmpi")
    )
    return ", ".join(f"{spread:.2f}" for spread in spreads)
