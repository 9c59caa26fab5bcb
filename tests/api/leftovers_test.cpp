// Whatever a communicator comes to, it leaves nothing in its process: no descriptor, no mapping, no thread.
// And what it holds while it lives is not passed on to programs that the process starts.
#include <functional>
#include <string>

#include <catch2/catch.hpp>
#include <fcntl.h>

#include "../support/process_view.h"
#include "../support/rank_threads.h"
#include "base/clock.h"
#include "clique.h"

namespace bccl::test {
namespace {

struct Held {
  int descriptors = open_descriptors();
  int threads = running_threads();
  int mappings = mappings_of(node_memory_name).count;
};

/// A root that has done its work ends in a thread of its own, after the ranks.
void check_nothing_more_than(const Held& before) {
  const Deadline deadline = Deadline::after_ms(20'000);
  Held now;
  const auto is_more = [&] {
    now = Held();
    return now.descriptors > before.descriptors || now.threads > before.threads ||
           now.mappings > before.mappings;
  };
  while (is_more() && !deadline.passed()) {
  }
  CHECK(now.descriptors <= before.descriptors);
  CHECK(now.threads <= before.threads);
  CHECK(now.mappings <= before.mappings);
}

constexpr int ranks = 3;

bcclResult_t sum(bcclComm_t comm, size_t count) {
  std::vector<float> numbers(count, 1.0F);
  return bcclAllReduce(numbers.data(), numbers.data(), count, bcclFloat, bcclSum, comm, nullptr);
}

void abort_all(Clique& clique) {
  for (int rank = 0; rank < clique.ranks(); ++rank) {
    CHECK(bcclCommAbort(clique[rank]) == bcclSuccess);
    clique.forget(rank);
  }
}

/// Begins to make a nonblocking communicator of all ranks.
std::vector<bcclComm_t> begin_clique() {
  bcclConfig_t config = BCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  std::vector<bcclComm_t> comms(ranks);
  CHECK(bcclCommInitAllConfig(comms.data(), ranks, nullptr, &config) == bcclInProgress);
  return comms;
}

void use_in_background(const std::vector<bcclComm_t>& comms) {
  std::vector<float> numbers(comms.size(), 1.0F);
  for (const bcclComm_t comm : comms)
    for (bcclResult_t state = bcclInProgress; state == bcclInProgress;) bcclCommGetAsyncError(comm, &state);
  for (size_t rank = 0; rank < comms.size(); ++rank)
    CHECK(bcclAllReduce(&numbers[rank], &numbers[rank], 1, bcclFloat, bcclSum, comms[rank], nullptr) == bcclInProgress);
  for (const bcclComm_t comm : comms) CHECK(bcclCommDestroy(comm) == bcclSuccess);
  CHECK(numbers == std::vector<float>(comms.size(), float(ranks)));
}

struct Life {
  const char* name;
  std::function<void()> live;
};

const Life lives[] = {
    {"made and destroyed", [] { const Clique clique(ranks); }},
    {"used and destroyed",
     [] {
       Clique clique(ranks);
       for (const size_t count : {1, 1000, 1'000'000}) CHECK(clique.trouble_with_a_sum(count).empty());
     }},
    {"used and aborted",
     [] {
       Clique clique(ranks);
       CHECK(clique.trouble_with_a_sum(100'000).empty());
       abort_all(clique);
     }},
    {"aborted while the others wait",
     [] {
       Clique clique(ranks);
       on_ranks(ranks, [&](int rank) {
         if (rank == 0)
           bcclCommAbort(clique[0]);
         else
           static_cast<void>(sum(clique[rank], 100'000));
       });
       clique.forget(0);
     }},
    {"broken by different calls",
     [] {
       Clique clique(ranks);
       on_ranks(ranks, [&](int rank) { static_cast<void>(sum(clique[rank], size_t(100 + rank))); });
     }},
    {"nonblocking, used and destroyed", [] { use_in_background(begin_clique()); }},
    {"nonblocking, and aborted while it is made",
     [] {
       for (const bcclComm_t comm : begin_clique()) CHECK(bcclCommAbort(comm) == bcclSuccess);
     }},
};

TEST_CASE("Whatever a communicator comes to, it leaves no descriptor, mapping or thread") {
  for (const Life& life : lives) life.live();  // what the process does only once
  for (const Life& life : lives) {
    INFO(life.name);
    const Held before;
    for (int i = 0; i < 5; ++i) life.live();
    check_nothing_more_than(before);
  }
}

TEST_CASE("Programs that a rank starts inherit none of its descriptors") {
  const auto inherited = [] {
    int count = 0;
    for (int fd = 0; fd < 1024; ++fd)
      if (const int flags = fcntl(fd, F_GETFD); flags >= 0 && (flags & FD_CLOEXEC) == 0) ++count;
    return count;
  };
  const int before = inherited();
  bcclUniqueId id = {};
  REQUIRE(bcclGetUniqueId(&id) == bcclSuccess);
  CHECK(inherited() == before);
  Clique clique(ranks);
  CHECK(clique.trouble_with_a_sum().empty());
  CHECK(inherited() == before);
}

}  // namespace
}  // namespace bccl::test
