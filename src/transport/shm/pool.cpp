#include "transport/shm/pool.h"

#include <numeric>

namespace bccl::shm {

Pool::Pool(uint32_t slots) : loans_(slots), free_(slots), free_count_(slots) {
  std::iota(free_.begin(), free_.end(), 0U);
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
  const uint32_t slot = free_[free_first_];
  if (++free_first_ == slots()) free_first_ = 0;
  --free_count_;
  loans_[slot] = {holders, !promised_loan};
  if (slot >= touched_) touched_ = slot + 1;
  return slot;
}

void Pool::give_back(uint32_t slot) {
  Loan& loan = loans_[slot];
  if (--loan.holders > 0) return;
  if (loan.extra) --extra_loans_;
  uint32_t last = free_first_ + free_count_;
  if (last >= slots()) last -= slots();
  free_[last] = slot;
  ++free_count_;
}

}  // namespace bccl::shm
