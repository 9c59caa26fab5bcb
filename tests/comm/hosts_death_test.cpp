// Ranks of several hosts in processes of their own, as far as they can tell hosts apart: killed and stopped.
#include <csignal>

#include <catch2/catch.hpp>

#include "../support/processes.h"
#include "../support/sanitized.h"
#include "comm/communicator.h"

namespace bccl::test {
namespace {

constexpr int64_t tolerated_ms = 3000;  ///< What should take 1000, on a loaded machine.
constexpr int ranks_max = 8;

/// What ranks tell the test.
struct Notes {
  std::atomic<uint64_t> calls[ranks_max];
  std::atomic<int64_t> told_ns[ranks_max];
  std::atomic<int> code[ranks_max];
  char sentence[ranks_max][1024];
  Milestone done;
};

/// Sums until it cannot; notes what it is told then. Leaves when all survivors have been told.
void sum_until_error(Exchange& exchange, const std::string& hosts, Notes& notes, int survivors, int64_t timeout_ms) {
  Settings settings;
  settings.timeout_ms = timeout_ms;
  settings.wait = "yield";
  const int rank = exchange.rank();
  auto made = Communicator::create(exchange, settings, {}, {.host = std::string(1, hosts[size_t(rank)])});
  expect(made.ok(), made.sentence());
  const std::unique_ptr<Communicator> communicator = std::move(made).value();
  std::vector<int32_t> numbers(1000);
  for (;;) {
    std::fill(numbers.begin(), numbers.end(), rank);
    const Status status = communicator->run({.source = numbers.data(),
                                             .target = numbers.data(),
                                             .count = numbers.size(),
                                             .type = DataType::int32,
                                             .reduction = {.op = ReduceOp::sum}});
    if (!status.ok()) {
      std::strncpy(notes.sentence[rank], status.sentence().c_str(), sizeof notes.sentence[rank] - 1);
      notes.code[rank] = static_cast<int>(status.code());
      notes.told_ns[rank] = now_ns();
      break;
    }
    const auto ranks = static_cast<int32_t>(hosts.size());
    expect(numbers.back() == ranks * (ranks - 1) / 2, "a wrong sum");
    ++notes.calls[rank];
  }
  notes.done.reach();
  notes.done.await(survivors);
}

void await_calls(Notes& notes, size_t ranks) {
  for (size_t rank = 0; rank < ranks; ++rank)
    REQUIRE(holds_within_ms(patience_ms, [&] { return notes.calls[rank] >= 3; }));
}

bool names_one_of(const std::string& sentence, const std::vector<int>& ranks) {
  return std::any_of(ranks.begin(), ranks.end(), [&](int rank) {
    return sentence.find(fmt::format("rank {} ", rank)) != std::string::npos;
  });
}

/// Kills these in the middle of calls: all others are told of one of them, soon.
void check_killed(const std::string& hosts, const std::vector<int>& victims) {
  INFO(hosts << ", killed: rank " << victims.front() << (victims.size() > 1 ? " and others" : ""));
  const auto survivors = static_cast<int>(hosts.size() - victims.size());
  const Shared<Notes> notes;
  Processes processes(static_cast<int>(hosts.size()), [&](Exchange& exchange) {
    sum_until_error(exchange, hosts, *notes, survivors, 60'000);
  });
  await_calls(*notes, hosts.size());
  const int64_t killed_ns = now_ns();
  for (const int victim : victims) processes.signal(victim, SIGKILL);
  for (const int victim : victims) processes.end_of(victim);
  CHECK(processes.ends() == "");
  for (int rank = 0; rank < static_cast<int>(hosts.size()); ++rank) {
    if (std::count(victims.begin(), victims.end(), rank) != 0) continue;
    const std::string sentence = notes->sentence[rank];
    INFO("rank " << rank << ": " << sentence);
    CHECK(notes->code[rank] == static_cast<int>(Code::remote_error));
    CHECK(names_one_of(sentence, victims));
    CHECK((notes->told_ns[rank] - killed_ns) / 1'000'000 < tolerated_ms);
  }
}

TEST_CASE("A rank killed in the middle of calls is named on all ranks of all hosts, leader or not") {
  for (const std::string hosts : {"ab", "aabb", "abc"})
    for (int victim = 0; victim < static_cast<int>(hosts.size()); victim += sanitized ? 3 : 1)
      check_killed(hosts, {victim});
}

TEST_CASE("When all processes of a host are killed, the ranks of the others are told so") {
  check_killed("aabb", {2, 3});
  check_killed("aabb", {0, 1});
  check_killed("aabbc", {2, 3});
}

TEST_CASE("A stopped rank is late, not dead, and all ranks of all hosts name it when their patience ends") {
  for (const int stopped : {0, 2, 3}) {
    INFO("rank " << stopped << " is stopped");
    const std::string hosts = "aabb";
    const Shared<Notes> notes;
    Processes processes(4, [&](Exchange& exchange) { sum_until_error(exchange, hosts, *notes, 3, 1'000); });
    await_calls(*notes, hosts.size());
    processes.signal(stopped, SIGSTOP);
    for (int rank = 0; rank < 4; ++rank)
      if (rank != stopped) REQUIRE(holds_within_ms(patience_ms, [&] { return notes->told_ns[rank] != 0; }));
    for (int rank = 0; rank < 4; ++rank) {
      if (rank == stopped) continue;
      const std::string sentence = notes->sentence[rank];
      INFO("rank " << rank << ": " << sentence);
      CHECK(notes->code[rank] == static_cast<int>(Code::timeout));
      CHECK((names_one_of(sentence, {stopped}) ||
             sentence.find(fmt::format("not yet in this call: rank {}", stopped)) != std::string::npos));
    }
    processes.signal(stopped, SIGKILL);
    processes.end_of(stopped);
    CHECK(processes.ends() == "");
  }
}

}  // namespace
}  // namespace bccl::test
