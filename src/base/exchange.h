/// How the ranks of a communicator under construction tell each other facts. Set-up only, never a data path.
/// One object a rank; called by one thread. Every rank must make the same calls in the same order.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"

namespace bccl {

class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;

  /// A secret of at least 32 bytes that all ranks of this job know and strangers do not.
  virtual const std::string& secret() const = 0;

  /// Everyone gives a blob (any bytes, 1 MiB at most) and gets all of them, by rank. Blocks until the
  /// deadline; the error names the ranks that are missing or have died.
  virtual Result<std::vector<std::string>> all_gather(const std::string& mine, Deadline deadline) = 0;

  /// For waits between two gatherings: an error as soon as it is known that the next one will fail, because a rank
  /// has died. Never blocks.
  virtual Status check() { return {}; }
};

}  // namespace bccl
