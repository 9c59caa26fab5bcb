#include "transports.h"

#include <utility>

#include <catch2/catch.hpp>

#include "mailbox.h"
#include "shm_group.h"
#include "tcp_group.h"
#include "transport/decorators/delayed.h"
#include "transport/decorators/faulty.h"
#include "transport/decorators/traced.h"

namespace bccl::test {
namespace {

using Decorate = std::unique_ptr<Endpoint> (*)(std::unique_ptr<Endpoint> endpoint, int rank);

std::unique_ptr<Endpoint> delay(std::unique_ptr<Endpoint> endpoint, int rank) {
  return delayed(std::move(endpoint), {.seed = Catch::rngSeed() + uint64_t(rank), .probability = 0.4});
}
std::unique_ptr<Endpoint> never_fail(std::unique_ptr<Endpoint> endpoint, int rank) {
  return faulty(std::move(endpoint), rank, {.after = -1});
}
std::unique_ptr<Endpoint> trace(std::unique_ptr<Endpoint> endpoint, int rank) {
  return traced(std::move(endpoint), rank, std::make_shared<Trace>(64));
}

TransportUnderTest decorated(const TransportUnderTest& transport, const std::string& how, Decorate decorate) {
  const auto make_group = [transport, decorate](int ranks) {
    Endpoints group = transport.make_group(ranks);
    for (int rank = 0; rank < ranks; ++rank) group[rank] = decorate(std::move(group[rank]), rank);
    return group;
  };
  return {.name = how + " " + transport.name, .make_group = make_group, .bare = false};
}

}  // namespace

std::vector<TransportUnderTest> built_in_transports() {
  return {
      {.name = "mailbox", .make_group = [](int ranks) { return make_mailbox_group(ranks); }},
      {.name = "shm", .make_group = [](int ranks) { return make_shm_group(ranks); }},
      {.name = "routed", .make_group = [](int ranks) { return make_routed_group(ranks); }},
      {.name = "tcp", .make_group = [](int ranks) { return make_tcp_group(ranks, small_tcp()); }},
  };
}

std::vector<TransportUnderTest> transports_under_test() {
  std::vector<TransportUnderTest> all;
  for (const TransportUnderTest& transport : built_in_transports()) {
    all.push_back(transport);
    all.push_back(decorated(transport, "delayed", delay));
    all.push_back(decorated(transport, "faulty (without fault)", never_fail));
    all.push_back(decorated(transport, "traced", trace));
  }
  return all;
}

}  // namespace bccl::test
