#include <catch2/catch.hpp>

#include "../support/sanitized.h"
#include "algos/catalogue.h"
#include "mutants.h"
#include "plan/references.h"
#include "plan/text.h"
#include "plan/verify.h"
#include "sample_plans.h"
#include "shuffled_run.h"

namespace bccl::test {
namespace {

constexpr uint64_t seed = 20240517;
constexpr int rounds = 1;  ///< Of ten runs each.

/// So many mutants of each kind are tried, up to five ranks all of them. Sanitizers make everything some ten times slower: they
/// see a sample.
constexpr size_t mutants_of_a_kind = sanitized ? 2 : SIZE_MAX;
/// Above five ranks, where mutants are many.
constexpr size_t large_mutants_of_a_kind = sanitized ? 2 : 96;
/// Above five ranks in groups, whose plans are the largest by far.
constexpr size_t grouped_mutants_of_a_kind = sanitized ? 1 : 12;

/// Of the mutants that verify rejects, so many are run, to see that it does not reject what is right.
constexpr int rejected_per_run = 37;

/// Of the mutants that verify accepts, so many are judged by reference too.
constexpr int accepted_per_reference = 8;

struct Count {
  int mutants = 0;
  int accepted = 0;           ///< By both: the change does no harm.
  int rejected = 0;           ///< By verify.
  int rejected_run = 0;       ///< Of these, have been run …
  int rejected_and_seen = 0;  ///< … and some run showed the fault.
  int referring = 0;          ///< Right by value, and accepted by reference …
  int copying = 0;            ///< … or rejected, …
  int copying_and_seen = 0;   ///< … of which some run showed the fault.
};

/// Whether the sentence says where: rank, channel, step and chunk. A chunk that no step writes has no step,
/// and what a plan says of all its messages has none either.
bool says_where(const std::string& sentence) {
  const auto says = [&](std::string_view what) { return sentence.find(what) != std::string::npos; };
  const bool step = says(", channel ") && says(", step ");
  return says(": rank ") && says(" chunk") &&
         (step || says("is never written") || says("messages have up to"));
}

/// Of a plan that is right by value: where check_references says that it is right by reference, no run may show otherwise.
void check_references_of(const std::vector<Plan>& plans, const Mutant& mutant, Count& count) {
  for (const bool in_place : {false, true}) {
    const Status status = check_references(plans, in_place ? References::in_place : References::apart);
    const std::string seen = judge_by_reference(plans, in_place, rounds, seed);
    ++(status.ok() ? count.referring : count.copying);
    if (!status.ok()) count.copying_and_seen += seen.empty() ? 0 : 1;
    if (status.ok() && !seen.empty())
      FAIL_CHECK(describe(mutant) << (in_place ? ", in place" : "") << ", by reference: " << seen);
  }
}

void check_mutant(const std::vector<Plan>& plans, const std::vector<Plan>& originals, const Mutant& mutant,
                  Count& count) {
  const Status status = verify(plans);
  const std::string sentence = status.sentence();
  ++count.mutants;
  if (!status.ok()) {
    if (!says_where(sentence)) FAIL_CHECK(describe(mutant) << ": " << sentence);
    if (count.rejected++ % rejected_per_run != 0) return;
  }
  const std::string seen = judge(plans, rounds, seed);
  if (!status.ok()) {
    ++count.rejected_run;
    count.rejected_and_seen += seen.empty() ? 0 : 1;
    return;
  }
  ++count.accepted;
  if (seen.empty()) {
    if (count.accepted % accepted_per_reference == 0) check_references_of(plans, mutant, count);
    return;
  }
  const auto rank = static_cast<size_t>(mutant[0].rank);
  FAIL_CHECK(describe(mutant) << ": " << seen << "\nbefore: " << print(originals[rank])
                              << "after: " << print(plans[rank]));
}

/// The verifier must accept the plans as they are, and reject every mutant that some run shows to be wrong.
Count check_mutants(const std::vector<Plan>& originals, size_t most_of_a_kind = mutants_of_a_kind) {
  INFO(originals[0].algorithm << ", " << originals.size() << " ranks, seed " << seed);
  CHECK(verify(originals).sentence() == "");
  CHECK(judge(originals, 10 * rounds, seed) == "");
  for (const bool in_place : {false, true})
    if (check_references(originals, in_place ? References::in_place : References::apart).ok())
      CHECK(judge_by_reference(originals, in_place, 10 * rounds, seed) == "");
  std::vector<Mutant> mutants = message_mutants(originals, seed);
  for (const Mutation& mutation : mutations(originals)) mutants.push_back({mutation});
  std::vector<Plan> plans = originals;
  Count count;
  for (const Mutant& mutant : sample(mutants, most_of_a_kind, seed + originals.size())) {
    bool changed = false;
    for (const Mutation& mutation : mutant) {
      Plan& plan = plans[static_cast<size_t>(mutation.rank)];
      plan = mutate(plan, mutation);
      changed |= plan != originals[static_cast<size_t>(mutation.rank)];
    }
    if (changed) check_mutant(plans, originals, mutant, count);
    for (const Mutation& mutation : mutant)
      plans[static_cast<size_t>(mutation.rank)] = originals[static_cast<size_t>(mutation.rank)];
  }
  return count;
}

void add(Count& sum, const Count& more) {
  sum.mutants += more.mutants;
  sum.accepted += more.accepted;
  sum.rejected += more.rejected;
  sum.rejected_run += more.rejected_run;
  sum.rejected_and_seen += more.rejected_and_seen;
  sum.referring += more.referring;
  sum.copying += more.copying;
  sum.copying_and_seen += more.copying_and_seen;
}

void report(std::string_view what, const Count& count) {
  WARN(what << ": " << count.mutants << " mutants; " << count.rejected << " rejected, of which "
            << count.rejected_run << " were run and " << count.rejected_and_seen << " seen to be wrong; "
            << count.accepted << " accepted and seen to be right; of these " << count.referring
            << " may refer to memory, " << count.copying << " may not, of which " << count.copying_and_seen
            << " were seen to be wrong");
  CHECK(count.rejected > 0);
  CHECK(count.rejected_and_seen > count.rejected_run * 3 / 4);
}

/// The shapes that an algorithm is tried in: flat, with two channels, in two groups, in unequal groups, in
/// groups of groups.
std::vector<Shape> shapes(const Algorithm& algorithm, int ranks) {
  std::vector<Shape> shapes(1);
  shapes[0].ranks = ranks;
  if (algorithm.takes_channels && ranks <= 5) {
    shapes.push_back(shapes[0]);
    shapes.back().channels = 2;
  }
  if (!algorithm.takes_groups || ranks <= 3) return shapes;
  for (const int first : {ranks / 2, 1}) {
    shapes.push_back(shapes[0]);
    shapes.back().groups.emplace_back();
    for (Rank rank = 0; rank < ranks; ++rank) shapes.back().groups[0].push_back(rank < first ? 0 : 1);
  }
  shapes.push_back(shapes[0]);
  shapes.back().groups.resize(2);
  for (Rank rank = 0; rank < ranks; ++rank) {
    shapes.back().groups[0].push_back(rank / 2);
    shapes.back().groups[1].push_back(rank / 4);
  }
  return shapes;
}

/// Of the other collectives, whose algorithms are many and share their parts.
constexpr size_t other_mutants_of_a_kind = sanitized ? 1 : 12;

constexpr const char* tried[] = {"ring",   "double_binary_tree", "halving_doubling", "one_shot",
                                 "direct", "hierarchical",       "k_nomial"};

/// For 2 … 9 ranks.
void check_algorithm(const char* name) {
  const Algorithm& algorithm = *find_algorithm(Collective::all_reduce, name);
  Count sum;
  for (int ranks = 2; ranks <= 9; ++ranks)
    for (const Shape& shape : shapes(algorithm, ranks))
      add(sum, check_mutants(build_all(algorithm, shape), ranks <= 5             ? mutants_of_a_kind
                                                          : shape.groups.empty() ? large_mutants_of_a_kind
                                                                                 : grouped_mutants_of_a_kind));
  report(name, sum);
}

/// For 2 … 5 ranks and another root each time.
void check_collective(Collective collective) {
  Count sum;
  for (const Algorithm& algorithm : algorithms(collective))
    for (int ranks = 2; ranks <= 5; ++ranks)
      for (Shape shape : shapes(algorithm, ranks)) {
        shape.root = (ranks + 1) / 2;
        add(sum, check_mutants(build_all(algorithm, shape), other_mutants_of_a_kind));
      }
  report(name_of(collective), sum);
}

}  // namespace

// One test case an algorithm, so that they run side by side.
TEST_CASE("verify rejects every wrong mutant of ring") { check_algorithm(tried[0]); }
TEST_CASE("verify rejects every wrong mutant of double_binary_tree") { check_algorithm(tried[1]); }
TEST_CASE("verify rejects every wrong mutant of halving_doubling") { check_algorithm(tried[2]); }
TEST_CASE("verify rejects every wrong mutant of one_shot") { check_algorithm(tried[3]); }
TEST_CASE("verify rejects every wrong mutant of direct") { check_algorithm(tried[4]); }
TEST_CASE("verify rejects every wrong mutant of hierarchical") { check_algorithm(tried[5]); }
TEST_CASE("verify rejects every wrong mutant of k_nomial") { check_algorithm(tried[6]); }

TEST_CASE("no algorithm goes without mutants") {
  const std::span<const Algorithm> all = algorithms(Collective::all_reduce);
  REQUIRE(all.size() == std::size(tried));
  for (size_t at = 0; at < std::size(tried); ++at) CHECK(all[at].name == tried[at]);
}

TEST_CASE("verify rejects every wrong mutant of all_gather") { check_collective(Collective::all_gather); }
TEST_CASE("verify rejects every wrong mutant of reduce_scatter") { check_collective(Collective::reduce_scatter); }
TEST_CASE("verify rejects every wrong mutant of broadcast") { check_collective(Collective::broadcast); }
TEST_CASE("verify rejects every wrong mutant of reduce") { check_collective(Collective::reduce); }
TEST_CASE("verify rejects every wrong mutant of gather") { check_collective(Collective::gather); }
TEST_CASE("verify rejects every wrong mutant of scatter") { check_collective(Collective::scatter); }
TEST_CASE("verify rejects every wrong mutant of all_to_all") { check_collective(Collective::all_to_all); }
TEST_CASE("verify rejects every wrong mutant of barrier") { check_collective(Collective::barrier); }

TEST_CASE("verify rejects every wrong mutant of a plan with scratch") {
  Count sum;
  for (const int ranks : {2, 4, 6, 8}) add(sum, check_mutants(alternating_star(ranks)));
  report("alternating_star", sum);
}

TEST_CASE("the shuffled run sees what is known to be wrong") {
  // The judge of the verifier must not be blind: one plan for each thing it looks for.
  const auto seen = [](std::string_view was, std::string_view is) {
    return judge(plans_of(changed(pair_text, was, is)), 2 * rounds, seed);
  };
  CHECK(seen("1: source[0] + recv 1 -> target[0]  completes", "1: recv 1 -> target[0]  completes") != "");
  CHECK(seen("0: source[0] -> send 1", "0: source[0] -> target[0]") != "");
  CHECK(seen("source[0] + recv 1", "recv 1 + source[0]") != "");
  CHECK(seen("  completes", "") != "");
  CHECK(judge(alternating_star(5), 2 * rounds, seed) != "");
}

}  // namespace bccl::test
