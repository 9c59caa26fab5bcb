/// A buffer that bcclCommRegister has been told of: while it is registered, its memory cannot be freed.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "memory/allocations.h"

namespace bccl {

class Registration final : public Claim {
 public:
  /// `allocation`: of bcclMemAlloc, or null: then it is the hint without effect that it is for other memory.
  /// `communicator`: as objections name it.
  Registration(std::shared_ptr<const Allocation> allocation, std::string communicator)
      : allocation_(std::move(allocation)), communicator_(std::move(communicator)) {
    if (allocation_ && !add_claim(allocation_, *this)) allocation_ = nullptr;
  }
  ~Registration() override {
    if (allocation_) remove_claim(allocation_, *this);
  }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

  bool has_effect() const { return allocation_ != nullptr; }

  std::string objection() const override { return "it is registered with " + communicator_ + "; deregister it first"; }
  void withdraw() override {}

 private:
  std::shared_ptr<const Allocation> allocation_;
  std::string communicator_;
};

}  // namespace bccl
