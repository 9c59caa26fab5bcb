#include "hosts.h"

#include <algorithm>

#include <catch2/catch.hpp>
#include <sys/socket.h>

#include "node/envoy.h"
#include "transport/tcp/cipher.h"

namespace bccl::test {
namespace {

std::pair<tcp::Pipe, tcp::Pipe> connected() {
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
  return {tcp::Pipe{FileDescriptor{ends[0]}, nullptr}, tcp::Pipe{FileDescriptor{ends[1]}, nullptr}};
}

}  // namespace

Hosts::Hosts(const std::string& hosts) : nodes_(hosts.size()) {
  const Shared<ExchangeMemory> memory;
  on_ranks(static_cast<int>(hosts.size()), [&](int rank) {
    SharedExchange exchange(*memory, rank, static_cast<int>(hosts.size()));
    const std::string host(1, hosts[static_cast<size_t>(rank)]);
    auto node = Node::join(exchange, small_arenas, patience(), {.identity = {.host = host}});
    if (node.ok()) nodes_[static_cast<size_t>(rank)] = std::move(node).value();
  });
  for (const auto& node : nodes_) REQUIRE(node != nullptr);
  const Groups groups = nodes_.front()->groups();
  std::vector<std::vector<control::Line>> lines(static_cast<size_t>(groups.count()));
  for (int a = 0; a < groups.count(); ++a)
    for (int b = 0; b < a; ++b) {
      auto [messages_a, messages_b] = connected();
      auto [life_a, life_b] = connected();
      lines[static_cast<size_t>(a)].push_back({b, std::move(messages_a), std::move(life_a)});
      lines[static_cast<size_t>(b)].push_back({a, std::move(messages_b), std::move(life_b)});
    }
  for (int group = 0; group < groups.count(); ++group)
    stewards_.push_back(std::make_shared<control::Steward>(node(groups.leader(group)).envoy(),
                                                           std::move(lines[static_cast<size_t>(group)])));
}

void Hosts::tend(const std::vector<int>& stopped) {
  constexpr int rounds = 8;  // more than any conversation has
  for (int round = 0; round < rounds; ++round)
    for (int host = 0; host < count(); ++host) {
      if (steward(host) == nullptr || std::ranges::count(stopped, host) != 0) continue;
      steward(host)->tend(now_ns());
      steward(host)->drop_lost_links();
    }
}

}  // namespace bccl::test
