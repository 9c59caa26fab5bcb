/// Nonblocking communicators as tests of the C API use them.
#pragma once

#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "base/clock.h"
#include "clique.h"
#include "stream_pieces.h"

namespace bccl::test {

inline bcclConfig_t nonblocking() {
  bcclConfig_t config = BCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  return config;
}

/// The state that follows bcclInProgress, as the first look that finds it.
inline bcclResult_t outcome_of(bcclComm_t comm) {
  const Deadline deadline = Deadline::after_ms(20'000);
  bcclResult_t state = bcclInProgress;
  while ((state = state_of(comm)) == bcclInProgress && !deadline.passed()) std::this_thread::yield();
  return state;
}

inline bcclUniqueId new_id() {
  bcclUniqueId id = {};
  REQUIRE(bcclGetUniqueId(&id) == bcclSuccess);
  return id;
}

/// All ranks, made at once.
struct Nonblocking {
  explicit Nonblocking(int ranks) : comms(size_t(ranks)) {
    const bcclConfig_t config = nonblocking();
    REQUIRE(bcclCommInitAllConfig(comms.data(), ranks, nullptr, &config) == bcclInProgress);
    for (const bcclComm_t comm : comms) {
      REQUIRE(comm != nullptr);
      REQUIRE(outcome_of(comm) == bcclSuccess);
    }
  }
  ~Nonblocking() {
    for (const bcclComm_t comm : comms) bcclCommDestroy(comm);
  }
  Nonblocking(const Nonblocking&) = delete;
  Nonblocking& operator=(const Nonblocking&) = delete;
  bcclComm_t operator[](int rank) const { return comms[size_t(rank)]; }
  std::vector<bcclComm_t> comms;
};

}  // namespace bccl::test
