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
  int lanes_max = 1;          ///< Connections per ordered pair of ranks.
  std::vector<int> hosts = {}; ///< By rank: which of them share a host. Empty: all do.
};

struct Choice {
  const Algorithm* algorithm = nullptr;
  int channels = 1;
  int lanes = 1;
  size_t slice_bytes = 0;

  bool operator==(const Choice&) const = default;
};

/// What plans are built for.
Shape shape_of(const Facts& facts, int channels);

/// `bytes`: of one rank's buffer. invalid_argument if BCCL_ALGO names no algorithm of this collective.
Result<Choice> choose(Collective collective, size_t bytes, const Facts& facts, const Settings& settings);

}  // namespace bccl
