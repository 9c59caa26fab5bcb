// Sends and receives: matched in order per pair, whatever else goes on.
#include <random>

#include <catch2/catch.hpp>

#include "../support/sanitized.h"
#include "comm/group.h"
#include "team.h"
#include "transport/decorators/traced.h"

namespace bccl::test {
namespace {

std::vector<std::byte> pattern(int from, int to, int number, size_t bytes) {
  std::vector<std::byte> data(bytes);
  for (size_t i = 0; i < bytes; ++i)
    data[i] = static_cast<std::byte>(i * 31 + size_t(from) * 7 + size_t(to) * 3 + size_t(number) * 101);
  return data;
}

/// One rank's side of an exchange; its receives are checked.
struct Side {
  std::vector<Message> messages;
  std::vector<std::vector<std::byte>> memory;
  std::vector<std::pair<size_t, std::vector<std::byte>>> expected;  ///< Which of the memory must hold what.

  void send(int from, int to, int number, size_t bytes) {
    memory.push_back(pattern(from, to, number, bytes));
    messages.push_back({to, Direction::send, memory.back().data(), bytes});
  }
  void receive(int from, int to, int number, size_t bytes) {
    memory.emplace_back(bytes);
    expected.emplace_back(memory.size() - 1, pattern(from, to, number, bytes));
    messages.push_back({from, Direction::receive, memory.back().data(), bytes});
  }
  Status check() const {
    for (const auto& [at, data] : expected)
      if (memory[at] != data) return fail(Code::internal_error, "a message of {} bytes arrived wrong", data.size());
    return {};
  }
};

void go_to_and_fro(Team& team) {
  const Outcomes outcomes = team.each([&](Communicator& communicator) -> Status {
    const int rank = communicator.rank();
    int number = 0;
    for (const size_t bytes : {size_t{0}, size_t{1}, size_t{8}, size_t{496}, size_t{497}, size_t{65'536}, size_t{65'537},
                               size_t{3'000'001}})
      for (int turn = 0; turn < 2; ++turn, ++number) {
        Side side;
        if (turn == rank)
          side.send(rank, 1 - rank, number, bytes);
        else
          side.receive(1 - rank, rank, number, bytes);
        BCCL_TRY(communicator.run(side.messages));
        BCCL_TRY(side.check());
      }
    return {};
  });
  CHECK(troubles(outcomes) == "");
}

TEST_CASE("Messages of every size go to and fro one at a time") {
  Team within(2);
  go_to_and_fro(within);
  Team between("ab");
  go_to_and_fro(between);
}

TEST_CASE("Large messages leave from the caller's memory where the transport can send them from there") {
  std::vector<std::shared_ptr<Trace>> traces{std::make_shared<Trace>(1000), std::make_shared<Trace>(1000)};
  const auto record = [&](std::unique_ptr<Endpoint> endpoint, int rank) {
    return traced(std::move(endpoint), rank, traces[size_t(rank)]);
  };
  Team team("ab", test_settings(), record);
  go_to_and_fro(team);
  for (const auto& trace : traces)
    for (const Trace::Record& each : trace->records())
      if (each.event == Trace::Event::commit) CHECK(each.bytes < referred_bytes_min);
}

TEST_CASE("Groups of any pattern arrive, to oneself, many to one and empty ones too") {
  constexpr int ranks = 4;
  Team team(ranks);
  INFO("seed " << Catch::rngSeed());
  for (int round = 0; round < (sanitized ? 10 : 40); ++round) {
    // Every rank draws the same pattern.
    std::mt19937_64 random(Catch::rngSeed() + uint64_t(round));
    struct Drawn {
      int from;
      int to;
      size_t bytes;
    };
    std::vector<Drawn> drawn;
    for (uint64_t left = random() % 30; left > 0; --left)
      drawn.push_back({int(random() % ranks), int(random() % ranks), random() % 4 == 0 ? 0 : random() % 200'000});
    const Outcomes outcomes = team.each([&](Communicator& communicator) -> Status {
      const int rank = communicator.rank();
      Side side;
      for (size_t number = 0; number < drawn.size(); ++number) {
        const Drawn& one = drawn[number];
        if (one.from == rank) side.send(one.from, one.to, int(number), one.bytes);
        if (one.to == rank) side.receive(one.from, one.to, int(number), one.bytes);
      }
      BCCL_TRY(communicator.run(side.messages));
      return side.check();
    });
    INFO(troubles(outcomes));
    REQUIRE(troubles(outcomes).empty());
  }
}

TEST_CASE("A receive of another length is told with both lengths") {
  Team team(2);
  std::vector<std::byte> memory(100);
  const Outcomes outcomes = team.each([&](Communicator& communicator) -> Status {
    if (communicator.rank() == 0) return communicator.run(Message{1, Direction::send, memory.data(), 12});
    std::vector<std::byte> mine(100);
    return communicator.run(Message{0, Direction::receive, mine.data(), 16});
  });
  CHECK(outcomes[1].code() == Code::invalid_usage);
  for (const std::string word : {"rank 1 expects 16 bytes", "rank 0", "sends 12"})
    CHECK_THAT(outcomes[1].sentence(), Catch::Contains(word));
}

TEST_CASE("A message to oneself without its counterpart is refused, and the communicator lives on") {
  Team team(2);
  std::byte memory[8] = {};
  const Status refused = team[0].run(Message{0, Direction::send, memory, 8});
  CHECK(refused.code() == Code::invalid_usage);
  CHECK_THAT(refused.sentence(), Catch::Contains("one group"));
  const Message both[] = {{0, Direction::send, memory, 4}, {0, Direction::receive, memory + 4, 4}};
  CHECK(team[0].run(both).ok());
}

TEST_CASE("A sender that died is named by who waits for it") {
  Team team(2);
  team.leave(0);
  std::byte memory[8] = {};
  const Status told = team[1].run(Message{0, Direction::receive, memory, 8});
  CHECK(told.code() == Code::remote_error);
  CHECK_THAT(told.sentence(), Catch::Contains("rank 0"));
}

}  // namespace
}  // namespace bccl::test
