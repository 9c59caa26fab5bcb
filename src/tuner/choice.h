/// Which algorithm, how many channels and lanes, and how large slices, for a call: a pure function of facts that
/// all ranks share, so all ranks choose alike.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "algos/catalogue.h"
#include "base/settings.h"
#include "base/status.h"

namespace bccl {

/// Frozen when the communicator is created; equal on every rank.
struct Facts {
  int ranks = 1;
  int cores = 1;              ///< That the ranks of the node may use together.
  bool near = false;          ///< All ranks measured, when the communicator was created, that their cores share a cache.
  size_t l3_bytes = 0;        ///< 0: unknown.
  size_t slice_bytes_max = 0; ///< Of the transport.
  int lanes_max = 1;          ///< Connections per ordered pair of ranks, for collectives.
  std::vector<int> hosts = {}; ///< By rank: which of them share a host. Empty: all do.
};

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

/// invalid_argument if BCCL_ALGO names no algorithm of this collective.
Result<Choice> choose(const Question& question, const Facts& facts, const Settings& settings);

}  // namespace bccl
