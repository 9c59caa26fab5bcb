/// A transport that fails at a chosen moment: for tests of everything that must notice. The fault strikes
/// once, at the operation that follows `after` others of its sort on the connections it concerns.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "transport/transport.h"

namespace bccl {

struct Fault {
  enum class Kind {
    stop,            ///< That commit, send by reference or release is lost, no connection moves again, poll() names its peer.
    flip_signature,  ///< That commit or send by reference carries another signature.
    flip_bit,        ///< That commit (of a byte or more) carries one wrong bit; nothing goes by reference.
    truncate,        ///< That slice arrives with half of its bytes.
  };
  Kind kind = Kind::stop;
  int64_t after = 0;  ///< How many operations go well first; negative: all of them.
  std::optional<int> peer =
      {};  ///< Only connections to or from this peer count and are struck; default: all.
  std::optional<int> lane = {};  ///< … and on this lane; default: all.
};

/// `rank` is the endpoint's own, for the sentence.
std::unique_ptr<Endpoint> faulty(std::unique_ptr<Endpoint> inner, int rank, const Fault& fault);

}  // namespace bccl
