// A rank killed after the bootstrap has heard of it and before it has come for the node's memory: nobody
// shares anything with it yet but the bootstrap.
#include <array>
#include <cstring>

#include <catch2/catch.hpp>

#include "bootstrap/rendezvous.h"
#include "job.h"
#include "node/members.h"
#include "node/node.h"

namespace bccl::test {
namespace {

constexpr int64_t budget_ms = 30'000;

std::unique_ptr<Exchange> exchange_of(Member& member) {
  JobBoard& board = member.board();
  std::array<char, unique_id_bytes> packed;
  if (member.rank() == 0) {
    const auto id = open_root(Settings{});
    expect(id.ok(), id.sentence());
    packed = id.value().pack();
    std::memcpy(board.id.internal, packed.data(), packed.size());
    board.id_made.store(1);
  }
  expect(holds_within_ms(patience_ms, [&] { return board.id_made.load() != 0; }), "nobody made an id");
  std::memcpy(packed.data(), board.id.internal, packed.size());
  auto joined =
      join(UniqueId::unpack(packed).value(), member.rank(), member.ranks(), Deadline::after_ms(budget_ms));
  expect(joined.ok(), joined.sentence());
  return std::move(joined).value();
}

/// Takes part in the gathering with which Node::join begins, and dies.
void die_before_the_meeting(Exchange& exchange) {
  const MemberFacts facts = local_facts(false, Status{});
  const auto members = Members::gather(exchange, facts, Deadline::after_ms(budget_ms));
  expect(members.ok(), members.sentence());
  raise(SIGKILL);
}

TEST_CASE("A rank killed on its way to the node's meeting is named on all others within a second") {
  for (const int ranks : {2, 4, 8}) {
    const int victim = ranks - 1;
    Job job(ranks, {}, [&](Member& member) {
      const auto exchange = exchange_of(member);
      if (member.rank() == victim) die_before_the_meeting(*exchange);
      const auto node = Node::join(*exchange, [](int) { return size_t{4096}; }, Deadline::after_ms(budget_ms));
      expect(!node.ok(), "it joined without a rank");
      expect(node.code() == Code::remote_error, node.sentence());
      expect(node.sentence().find(fmt::format("rank {} ", victim)) != std::string::npos, node.sentence());
      member.reach(1);
    });
    const int64_t start = now_ns();
    for (int rank = 0; rank < victim; ++rank) job.await_stage(rank, 1);
    CHECK((now_ns() - start) / 1'000'000 < tolerated_ms);
    job.check_ends({victim});
  }
}

}  // namespace
}  // namespace bccl::test
