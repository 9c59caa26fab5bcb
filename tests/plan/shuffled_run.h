/// Runs a set of plans with strings for values, taking the runnable steps in a random order: what an executor
/// could do, told from the words of plan.h and nothing else. It shares no code with the verifier, whose judge
/// it is. Slow, and sees only what the chosen order shows; so judge() tries many.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace bccl::test {

struct Conditions {
  int slots = 1;           ///< Slices that a connection holds; 0: any number.
  bool in_one_go = false;  ///< A step waits for inputs and room before it takes anything; needs two slots.
  bool in_place = false;
  bool by_reference = false;  ///< Messages from source and target are read there when their receiver takes them.
  bool by_rank = false;  ///< Some channels are always faster than others; else every step is a lottery.
  uint64_t seed = 0;
};

struct Outcome {
  std::string wrong;                 ///< Empty if the result is right.
  std::vector<std::string> targets;  ///< By window, rank, chunk.
};

/// Runs the plans for two windows: own source and target each, the same connections and scratch.
Outcome run_shuffled(const std::vector<Plan>& plans, const Conditions& conditions);

/// What is wrong with the plans in some of `rounds` × 10 runs, or that two runs differ; empty if nothing was
/// seen.
std::string judge(const std::vector<Plan>& plans, int rounds, uint64_t seed);

/// The same of runs in which messages are read where they lie, in place or not.
std::string judge_by_reference(const std::vector<Plan>& plans, bool in_place, int rounds, uint64_t seed);

}  // namespace bccl::test
