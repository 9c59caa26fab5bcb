#include "exec/store_trial.h"

#include <algorithm>

namespace bccl {

bool StoreTrial::took(int64_t ns) {
  if (role_ == Role::none) return false;
  if (!trying()) {
    --calls_left_;
    return false;
  }
  if (timing()) {
    int64_t& fastest = kind_tried() == Stores::cached ? times_.cached_ns : times_.streaming_ns;
    const bool first = tried_ % calls_of_kind() == schedule_.calls_to_settle;
    fastest = first ? ns : std::min(fastest, ns);
  }
  if (++tried_ < 2 * calls_of_kind()) return false;
  calls_left_ = rest_ * calls_of_kind();
  rest_ = std::min(2 * rest_, longest_rest);
  tried_ = 0;
  return true;
}

void StoreTrial::decide(const StoreTimes& of_all) {
  if (role_ == Role::chooses) chosen_ = of_all.streaming_ns < of_all.cached_ns ? Stores::streaming : Stores::cached;
}

}  // namespace bccl
