/// Which algorithm, how many channels and lanes, and how large slices, for a call: a pure function of facts that
/// all ranks share, so all ranks choose alike.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "algos/catalogue.h"
#include "base/settings.h"
#include "base/status.h"
#include "tuner/facts.h"

namespace bccl {

/// What all ranks know of a call.
struct Question {
  Collective collective = Collective::all_reduce;
  size_t bytes = 0;  ///< Of the larger of a rank's two buffers.
  Rank root = 0;
  bool private_counts = false;  ///< No rank knows the sizes of blocks that it neither gives nor gets, nor `bytes`.
  bool weighted = false;        ///< Rank r is to sum up label r.
};

struct Choice {
  const Algorithm* algorithm = nullptr;
  Shape shape;  ///< What the algorithm is given.
  int lanes = 1;
  size_t slice_bytes = 0;

  bool operator==(const Choice&) const = default;
};

/// An algorithm that could serve a call, and what is thought of it.
struct Candidate {
  Choice choice;
  enum class Basis : uint8_t { rule, predicted, measured } basis = Basis::rule;
  double ns = 0;  ///< Unless by rule.
};

/// What choose() chooses from, the best first; at least one. Why others are missing: they cannot do what the call asks for,
/// have no time in a table that has times of others, or BCCL_ALGO names one.
Result<std::vector<Candidate>> candidates(const Question& question, const Facts& facts, const Settings& settings);

/// The first of the candidates. invalid_argument if BCCL_ALGO names no algorithm.
Result<Choice> choose(const Question& question, const Facts& facts, const Settings& settings);

}  // namespace bccl
