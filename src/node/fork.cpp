#include "node/fork.h"

#include <pthread.h>

namespace bccl::fork_watch {

std::atomic<uint64_t> generation{0};

uint64_t start() {
  // A function's static, not a namespace's: loading the library must have no effects.
  static const int registered =
      pthread_atfork(nullptr, nullptr, [] { generation.fetch_add(1, std::memory_order_relaxed); });
  static_cast<void>(registered);  // fails only without memory, which new would have noticed
  uint64_t none = 0;
  generation.compare_exchange_strong(none, 1, std::memory_order_relaxed);
  return generation.load(std::memory_order_relaxed);
}

}  // namespace bccl::fork_watch
