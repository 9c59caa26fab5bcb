#include <catch2/catch.hpp>

#include "algos/catalogue.h"
#include "mutants.h"
#include "plan/text.h"
#include "plan/verify.h"
#include "sample_plans.h"
#include "shuffled_run.h"

namespace bccl::test {
namespace {

constexpr uint64_t seed = 20240517;
constexpr int rounds = 2;  ///< Of ten runs each.

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t mutants_of_a_kind = 2;
#else
constexpr size_t mutants_of_a_kind = 40;
#endif

struct Count {
  int mutants = 0;
  int accepted = 0;  ///< By both: the change does no harm.
  int caught_by_both = 0;
  int caught_by_verify = 0;  ///< No run that was tried shows the fault.
};

/// The verifier must accept the plans as they are, and reject every mutant that some run shows to be wrong.
Count check_mutants(std::vector<Plan> plans) {
  INFO(plans[0].algorithm << ", " << plans.size() << " ranks, seed " << seed);
  CHECK(verify(plans).sentence() == "");
  CHECK(judge(plans, rounds, seed) == "");
  Count count;
  for (const Mutation& mutation : sample(mutations(plans), mutants_of_a_kind, seed + plans.size())) {
    Plan& changing = plans[static_cast<size_t>(mutation.rank)];
    const Plan original = changing;
    changing = mutate(original, mutation);
    if (changing != original) {
      const Status status = verify(plans);
      const std::string seen = judge(plans, rounds, seed);
      ++count.mutants;
      if (status.ok() && !seen.empty()) {
        INFO(describe(mutation) << ": " << seen << "\nbefore: " << print(original)
                                << "after: " << print(changing));
        CHECK_FALSE(status.ok());
      }
      if (status.ok() && seen.empty()) ++count.accepted;
      if (!status.ok()) ++(seen.empty() ? count.caught_by_verify : count.caught_by_both);
    }
    changing = original;
  }
  return count;
}

void report(const std::string& what, const Count& count) {
  WARN(what << ": " << count.mutants << " mutants, " << count.caught_by_both
            << " rejected and seen to be wrong, " << count.caught_by_verify
            << " rejected though no run showed it, " << count.accepted << " harmless");
}

void add(Count& sum, const Count& more) {
  sum.mutants += more.mutants;
  sum.accepted += more.accepted;
  sum.caught_by_both += more.caught_by_both;
  sum.caught_by_verify += more.caught_by_verify;
}

/// The shapes that an algorithm is tried in: flat, with two channels, in two groups, in unequal groups.
std::vector<Shape> shapes(const Algorithm& algorithm, int ranks) {
  std::vector<Shape> shapes(1);
  shapes[0].ranks = ranks;
  if (algorithm.takes_channels && ranks <= 5) {
    shapes.push_back(shapes[0]);
    shapes.back().channels = 2;
  }
  if (algorithm.takes_groups && ranks > 3) {
    for (const int first : {ranks / 2, 1}) {
      shapes.push_back(shapes[0]);
      shapes.back().groups.emplace_back();
      for (Rank rank = 0; rank < ranks; ++rank) shapes.back().groups[0].push_back(rank < first ? 0 : 1);
    }
  }
  return shapes;
}

}  // namespace

TEST_CASE("verify rejects every mutant of a catalogue algorithm that some run shows to be wrong") {
  for (const Algorithm& algorithm : algorithms()) {
    Count sum;
    for (int ranks = 2; ranks <= 9; ++ranks)
      for (const Shape& shape : shapes(algorithm, ranks))
        add(sum, check_mutants(build_all(algorithm, shape)));
    report(std::string(algorithm.name), sum);
    CHECK(sum.caught_by_both > sum.mutants / 2);
  }
}

TEST_CASE("verify rejects every mutant of a plan with scratch that some run shows to be wrong") {
  Count sum;
  for (const int ranks : {2, 4, 6, 8}) add(sum, check_mutants(alternating_star(ranks)));
  report("alternating_star", sum);
  CHECK(sum.caught_by_both > sum.mutants / 2);
}

TEST_CASE("the shuffled run sees what is known to be wrong") {
  // The judge of the verifier must not be blind: one plan for each thing it looks for.
  const auto seen = [](std::string_view was, std::string_view is) {
    return judge(plans_of(changed(pair_text, was, is)), rounds, seed);
  };
  CHECK(seen("1: source[0] + recv 1 -> target[0]  completes", "1: recv 1 -> target[0]  completes") != "");
  CHECK(seen("0: source[0] -> send 1", "0: source[0] -> target[0]") != "");
  CHECK(seen("source[0] + recv 1", "recv 1 + source[0]") != "");
  CHECK(seen("  completes", "") != "");
  CHECK(judge(alternating_star(5), rounds, seed) != "");
}

}  // namespace bccl::test
