/// The slots of one rank, lent to its connections. Private to the rank; single-threaded.
///
/// Promise: a connection that holds fewer than slices_promised slots can always get one (the deadlock proof of plans
/// needs it), because loans are of two kinds. A *promised* loan goes to connections all of which hold fewer; so at any
/// time fewer of them are out than slices_promised × connections. All others are *extra* loans, at most the slots
/// beyond that number. Together they leave a slot free for every promise (or will, once the extra loans that were
/// made before the last connection was added have come back).
#pragma once

#include <cstdint>
#include <vector>

#include "transport/transport.h"

namespace bccl {

class Pool {
 public:
  static constexpr uint32_t none = UINT32_MAX;

  /// Which of the free slots is lent next. Oldest: slots go round, and the staging memory that a stream of slices passes
  /// through is the whole pool, large enough that a reader finds it evicted to the shared cache and not dirty in the
  /// writer's own (docs/performance.md). Newest: as little memory and cache is used as can be.
  enum class Order : uint8_t { oldest_first, newest_first };

  explicit Pool(uint32_t slots, Order order = Order::oldest_first);

  /// One more connection will borrow. False: the pool is too small to promise it a slot.
  bool add_connection();

  /// Lends a slot to `holders` connections; `promised_loan`: all of them hold fewer than the promise. none: no extra loan is
  /// left.
  uint32_t lend(uint32_t holders, bool promised_loan);

  void give_back(uint32_t slot);  ///< One holder has done with it.

  /// Slots promised to the connections added so far.
  uint32_t promised() const { return connections_ * slices_promised; }
  uint32_t slots() const { return static_cast<uint32_t>(loans_.size()); }
  uint32_t touched() const { return touched_; }  ///< Slots lent at least once since their pages were given back.

  /// Those that nobody holds: nothing in them is needed. Counts them as untouched from now on.
  std::vector<uint32_t> vacate();

 private:
  struct Loan {
    uint32_t holders = 0;
    bool extra = false;
  };

  uint32_t ring(uint32_t index) const { return index >= slots() ? index - slots() : index; }

  const Order order_;
  std::vector<Loan> loans_;
  std::vector<uint32_t> free_;  ///< A ring of slot numbers.
  uint32_t free_first_ = 0;
  uint32_t free_count_;
  uint32_t connections_ = 0;
  uint32_t extra_loans_ = 0;
  uint32_t touched_ = 0;
};

}  // namespace bccl
