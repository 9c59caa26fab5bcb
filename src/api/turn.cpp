#include "api/turn.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>

namespace bccl {
namespace {

constexpr std::chrono::milliseconds interrupt_look{20};

struct Order {
  std::mutex lock;
  std::condition_variable changed;
  std::set<uint64_t> present;
  uint64_t next = 0;
};

Order& order() {
  static Order* const one = new Order;  // outlives every thread
  return *one;
}

}  // namespace

Turn::Turn() {
  const std::scoped_lock hold(order().lock);
  number_ = order().next++;
  order().present.insert(number_);
}

Turn::~Turn() {
  const std::scoped_lock hold(order().lock);
  order().present.erase(number_);
  order().changed.notify_all();
}

Status Turn::await(const Interrupt& interrupt) const {
  std::unique_lock hold(order().lock);
  while (*order().present.begin() != number_) {
    order().changed.wait_for(hold, interrupt_look);
    if (interrupt) BCCL_TRY(interrupt());
  }
  return {};
}

}  // namespace bccl
