/// Who wants to hear that the transport has done with the memory of a slice.
#pragma once

#include <cstdint>

namespace bccl::tcp {

class Lender {
 public:
  virtual ~Lender() = default;
  /// The bytes of this loan, as the lender numbers them, have left towards one peer, or never will.
  virtual void give_back(uint32_t loan) = 0;
};

}  // namespace bccl::tcp
