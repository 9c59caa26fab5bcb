/// What every rank publishes before sockets are made. Gathered once; from then on all ranks conclude the same.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/exchange.h"
#include "base/status.h"
#include "net/interfaces.h"
#include "net/keyed_hash.h"
#include "transport/tcp/options.h"

namespace bccl::tcp {

inline constexpr size_t doors_max = 16;  ///< Addresses that a rank tells, at most.

struct Facts {
  std::string terms;    ///< What must be equal on all ranks, in words.
  std::string host;
  std::string machine;  ///< Equal for ranks whose loopback is the same.
  uint32_t failure_code = 0;  ///< Not 0: this rank cannot take part; `failure` says why.
  std::string failure;
  std::vector<InterfaceAddress> doors;  ///< With the ports it listens on.

  std::string pack() const;
  static Result<Facts> unpack(std::string_view bytes);
  bool operator==(const Facts&) const = default;
};

std::string terms_of(const Options& options);
std::string this_machine_id();

/// Everyone's facts, and a hash of all of them that stands for this gathering of ranks.
struct Gathered {
  std::vector<Facts> facts;
  Tag world;
};
/// The same error on all ranks if one cannot take part, or has other terms.
Result<Gathered> gather(Exchange& exchange, const Facts& mine, Deadline deadline);

}  // namespace bccl::tcp
