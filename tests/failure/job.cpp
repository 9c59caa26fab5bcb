#include "job.h"

#include <algorithm>
#include <cstdlib>

#include <catch2/catch.hpp>

namespace bccl::test {
namespace {

/// A process that lives longer than any scenario hangs, whatever the reason.
constexpr unsigned lifetime_s = 100;

void become_member(const Variables& variables) {
  alarm(lifetime_s);  // its end by SIGALRM fails the test
  setenv("BCCL_DEBUG", "NONE", 1);
  setenv("BCCL_BOOTSTRAP_TIMEOUT", "20s", 1);
  setenv("BCCL_TIMEOUT", "60s", 1);
  for (const auto& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
}

bool names(const std::string& sentence, int rank) {
  for (const char* after : {" ", ":", ",", ";", ")"})
    if (sentence.find(fmt::format("rank {}{}", rank, after)) != sentence.npos) return true;
  return sentence.ends_with(fmt::format("rank {}", rank));
}

}  // namespace

Job::Job(int ranks, const Variables& variables, const std::function<void(Member&)>& body) : ranks_(ranks) {
  REQUIRE(ranks <= job_ranks_max);
  processes_ = std::make_unique<Processes>(ranks, [&](Exchange& exchange) {
    become_member(variables);
    Member member(exchange.rank(), exchange.size(), *board_);
    body(member);
  });
}

void Job::await(const std::string& what, const std::function<bool()>& holds) {
  if (holds_within_ms(patience_ms, holds)) return;
  std::string states;
  for (int rank = 0; rank < ranks_; ++rank)
    states += fmt::format("[rank {}: stage {}, {} calls, noted {}] ", rank, notes(rank).stage.load(),
                          notes(rank).calls.load(), notes(rank).noted.load());
  FAIL("in vain for " << patience_ms / 1000 << " s: " << what << "; " << states);
}

void Job::await_stage(int rank, int stage) {
  await(fmt::format("rank {} at stage {}", rank, stage), [&] { return notes(rank).stage.load() >= stage; });
}

void Job::await_calls(int rank, uint64_t calls) {
  await(fmt::format("{} calls of rank {}", calls, rank), [&] { return notes(rank).calls.load() >= calls; });
}

void Job::await_note(int rank) {
  await(fmt::format("a result of rank {}", rank), [&] { return notes(rank).noted.load() != 0; });
}

int64_t Job::kill(int rank) {
  signal(rank, SIGKILL);
  return now_ns();
}

void Job::check_told(int rank, bcclResult_t code, const std::vector<int>& named, int64_t since_ns) {
  await_note(rank);
  const std::string sentence = notes(rank).sentence;
  const int64_t ms = (notes(rank).noted_ns.load() - since_ns) / 1'000'000;
  INFO("rank " << rank << " of " << ranks_ << " after " << ms << " ms: " << sentence);
  if (ms > promised_ms) WARN("it took " << ms << " ms, not " << promised_ms);
  CHECK(notes(rank).noted.load() - 1 == int(code));
  CHECK(ms < tolerated_ms);
  CHECK(std::any_of(named.begin(), named.end(), [&](int other) { return names(sentence, other); }));
}

void Job::check_ends(const std::vector<int>& killed) {
  for (int rank = 0; rank < ranks_; ++rank) {
    const bool was_killed = std::find(killed.begin(), killed.end(), rank) != killed.end();
    const std::string end = processes_->end_of(rank);
    CHECK(end == (was_killed ? fmt::format("rank {} was killed by signal {}", rank, SIGKILL) : ""));
  }
}

}  // namespace bccl::test
