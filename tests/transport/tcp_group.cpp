#include "tcp_group.h"

#include <numeric>
#include <stdexcept>
#include <vector>

#include "../support/rank_threads.h"
#include "bootstrap/rendezvous.h"
#include "transport/tcp/endpoint.h"

namespace bccl::test {
namespace {

constexpr int64_t patience_ms = 30'000;

}  // namespace

tcp::Options small_tcp() {
  return {.sockets = 3,
          .lanes = 3,
          .slices_max = 4,
          .slot_bytes = 16 << 10,
          .stripe_bytes_min = 2 << 10,
          .interfaces = "=lo"};
}

Endpoints make_tcp_group(int ranks, const tcp::Options& options) {
  const auto exchanges = local_exchanges(ranks);
  Endpoints group(static_cast<size_t>(ranks));
  std::vector<std::string> errors(group.size());
  on_ranks(ranks, [&](int rank) {
    std::vector<int> peers(static_cast<size_t>(ranks));
    std::iota(peers.begin(), peers.end(), 0);
    std::erase(peers, rank);
    const auto at = static_cast<size_t>(rank);
    auto endpoint = tcp::TcpEndpoint::open(*exchanges[at], peers, options, Deadline::after_ms(patience_ms));
    if (endpoint.ok())
      group[at] = std::move(endpoint).value();
    else
      errors[at] = endpoint.sentence();
  });
  for (const std::string& error : errors)
    if (!error.empty()) throw std::runtime_error(error);
  return group;
}

}  // namespace bccl::test
