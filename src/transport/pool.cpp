#include "transport/pool.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace bccl {

Pool::Pool(uint32_t slots, Order order) : order_(order), loans_(slots), free_(slots), free_count_(slots) {
  std::iota(free_.begin(), free_.end(), 0U);
  if (order == Order::newest_first) std::reverse(free_.begin(), free_.end());
}

bool Pool::add_connection() {
  if (promised() + slices_promised > slots()) return false;
  ++connections_;
  return true;
}

uint32_t Pool::lend(uint32_t holders, bool promised_loan) {
  if (free_count_ == 0) return none;  // only while extra loans of fewer connections are still out
  if (!promised_loan) {
    if (extra_loans_ >= slots() - promised()) return none;
    ++extra_loans_;
  }
  --free_count_;
  uint32_t slot;
  if (order_ == Order::oldest_first) {
    slot = free_[free_first_];
    free_first_ = ring(free_first_ + 1);
  } else {
    slot = free_[ring(free_first_ + free_count_)];
  }
  loans_[slot] = {holders, !promised_loan};
  if (slot >= touched_) touched_ = slot + 1;
  return slot;
}

std::vector<uint32_t> Pool::vacate() {
  std::vector<uint32_t> vacant;
  const uint32_t touched_before = std::exchange(touched_, 0);
  for (uint32_t slot = 0; slot < touched_before; ++slot) {
    if (loans_[slot].holders == 0)
      vacant.push_back(slot);
    else
      touched_ = slot + 1;
  }
  return vacant;
}

void Pool::give_back(uint32_t slot) {
  Loan& loan = loans_[slot];
  if (--loan.holders > 0) return;
  if (loan.extra) --extra_loans_;
  free_[ring(free_first_ + free_count_++)] = slot;
}

}  // namespace bccl
