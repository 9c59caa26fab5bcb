/// What `bccl tune` measured: how long each algorithm took, by collective, size and kind of communicator. A value; read from
/// a JSON file that people can read too, and the same on every rank (its digest is compared when communicators are made).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "plan/plan.h"
#include "tuner/facts.h"

namespace bccl {

/// One algorithm's time for one size.
struct Timing {
  Collective collective = Collective::all_reduce;
  size_t bytes = 0;  ///< Of the larger of a rank's two buffers.
  std::string algorithm;
  int64_t ns = 0;  ///< The median of its calls.

  bool operator==(const Timing&) const = default;
};

/// The communicators that were measured: what must be alike for the times to count.
struct TunedShape {
  int ranks = 0;
  std::vector<int> hosts;  ///< By rank; empty: all on one.
  std::vector<std::vector<int>> groups;  ///< As Facts::groups.
  std::vector<Timing> timings;

  bool fits(const Facts& facts) const {
    return ranks == facts.ranks && hosts == facts.hosts && groups == facts.groups;
  }
  bool operator==(const TunedShape&) const = default;
};

class TuningTable {
 public:
  std::vector<TunedShape> shapes;

  /// How long the algorithm takes, between sizes as if time were a power of size; nullopt: not measured, or not
  /// within a factor of two of this size.
  std::optional<double> ns(const Facts& facts, Collective collective, size_t bytes, std::string_view algorithm) const;

  uint64_t digest() const;  ///< Of all that it says.
  bool operator==(const TuningTable&) const = default;
};

std::string to_json(const TuningTable& table);

/// The error names the field, and `what` it is a field of.
Result<TuningTable> tuning_table_from_json(std::string_view text, const std::string& what);
Result<TuningTable> read_tuning_table(const std::string& path);

}  // namespace bccl
