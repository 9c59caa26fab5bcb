/// Joining nodes in tests, and what a process holds of them.
#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "../support/processes.h"
#include "../support/rank_threads.h"
#include "node/joining.h"
#include "node/node.h"

namespace bccl::test {

inline constexpr size_t small_arena_bytes = 10'000;
inline size_t small_arenas(int) { return small_arena_bytes; }

inline Deadline patience() { return Deadline::after_ms(patience_ms); }

/// Joins or fails the test.
inline std::unique_ptr<Node> join(Exchange& exchange, size_t arena_bytes = small_arena_bytes,
                                  SleepOrder order = SleepOrder::membarrier) {
  Result<std::unique_ptr<Node>> node = Node::join(exchange, [=](int) { return arena_bytes; }, patience(), {.order = order});
  expect(node.ok(), node.sentence());
  return std::move(node).value();
}

/// The ranks first … first + count of an exchange of `size`, joined in threads of this process.
inline std::vector<std::unique_ptr<Node>> join_threads(ExchangeMemory& memory, int first, int count, int size,
                                                       SleepOrder order = SleepOrder::membarrier) {
  std::vector<std::unique_ptr<Node>> nodes(static_cast<size_t>(count));
  on_ranks(count, [&](int index) {
    SharedExchange exchange(memory, first + index, size);
    Result<std::unique_ptr<Node>> node = Node::join(exchange, small_arenas, patience(), {.order = order});
    if (node.ok()) nodes[static_cast<size_t>(index)] = std::move(node).value();
  });
  for (const auto& node : nodes) expect(node != nullptr, "a rank could not join");
  return nodes;
}

/// All ranks in threads of the test program itself.
inline std::vector<std::unique_ptr<Node>> join_threads(int size, SleepOrder order = SleepOrder::membarrier) {
  const Shared<ExchangeMemory> memory;
  return join_threads(*memory, 0, size, size, order);
}

/// Takes part in everything that comes before the meeting, as a rank of rank 0's host; the name of the meeting.
inline std::string come_to_meeting(Exchange& exchange) {
  const Result<Members> members = Members::gather(exchange, local_facts(true, {}), patience());
  expect(members.ok(), members.sentence());
  const Groups groups = Groups::by_key(members.value().host_keys());
  const auto take_part = [&](const std::string& brings) {
    Result<Round> round = conclude(exchange, members.value(), groups, brings, patience());
    expect(round.ok(), round.sentence());
    return std::move(round).value();
  };
  Party party(members.value(), groups, 0);
  const Status accepted =
      accept_invitations(take_part(pack(Invitation{.arena_bytes = small_arena_bytes, .meeting = {}})), party);
  expect(accepted.ok(), accepted.sentence());
  take_part("");
  return party.meeting;
}

inline int open_descriptors() {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

inline int node_mappings() {
  std::ifstream maps("/proc/self/maps");
  int count = 0;
  for (std::string line; std::getline(maps, line);)
    count += line.find("memfd:bccl-node") != std::string::npos;
  return count;
}

}  // namespace bccl::test
