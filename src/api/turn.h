/// The communicators of a launcher's job are made one after another, in the order in which a process asks for them, for they
/// all meet at one address. A Turn is one's place in that order, from when it was asked for until it is made or has failed.
/// Any thread.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "bootstrap/rendezvous.h"

namespace bccl {

class Turn {
 public:
  Turn();
  ~Turn();
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  /// Returns when all before it have gone, or with the interrupt's error.
  Status await(const Interrupt& interrupt) const;

 private:
  uint64_t number_;
};

}  // namespace bccl
