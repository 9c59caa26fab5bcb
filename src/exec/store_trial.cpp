#include "exec/store_trial.h"

#include <algorithm>

namespace bccl {

Stores StoreTrial::next() const {
  if (fixed_ || call_ >= trial_calls) return chosen_;
  return call_ < calls_per_kind ? Stores::cached : Stores::streaming;
}

void StoreTrial::took(int64_t ns) {
  if (fixed_) return;
  if (call_ < trial_calls) {
    int64_t& fastest = fastest_ns_[static_cast<int>(next())];
    fastest = fastest == 0 ? ns : std::min(fastest, ns);
  }
  ++call_;
  if (call_ == trial_calls)
    chosen_ = fastest_ns_[int(Stores::streaming)] < fastest_ns_[int(Stores::cached)] ? Stores::streaming : Stores::cached;
  if (call_ == trial_calls + calls_between) {
    call_ = 0;
    fastest_ns_[0] = fastest_ns_[1] = 0;
  }
}

}  // namespace bccl
