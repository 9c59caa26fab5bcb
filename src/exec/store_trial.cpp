#include "exec/store_trial.h"

#include <algorithm>

namespace bccl {

Stores StoreTrial::next() const {
  if (!trying()) return chosen_;
  return tried_ < calls_per_kind_ ? Stores::cached : Stores::streaming;
}

void StoreTrial::took(int64_t ns) {
  if (fixed_) return;
  if (!trying()) {
    --calls_left_;
    return;
  }
  int64_t& fastest = fastest_ns_[static_cast<int>(next())];
  fastest = fastest == 0 ? ns : std::min(fastest, ns);
  if (++tried_ < 2 * calls_per_kind_) return;
  const auto [cached_ns, streaming_ns] = fastest_ns_;
  chosen_ = streaming_ns < cached_ns ? Stores::streaming : Stores::cached;
  calls_left_ = calls_between;
  tried_ = 0;
  std::ranges::fill(fastest_ns_, 0);
}

}  // namespace bccl
