// Who runs a stream: its own thread, or whoever waits for it.
#include <set>

#include <catch2/catch.hpp>

#include "pieces.h"

namespace bccl::test {
namespace {

void note_thread(void* id) { *static_cast<std::thread::id*>(id) = std::this_thread::get_id(); }

TEST_CASE("Who enqueues and waits runs the queue in its own thread") {
  const auto stream = HostStream::make();
  CHECK(comes_true([&] {
    std::thread::id ran_in;
    REQUIRE(stream->enqueue(note_thread, &ran_in).ok());
    REQUIRE(finish(*stream).ok());
    return ran_in == std::this_thread::get_id();
  }));
}

TEST_CASE("Who waits takes over work that the stream's thread has begun") {
  const auto stream = HostStream::make();
  CHECK(comes_true([&] {
    std::set<std::thread::id> ran_in;
    std::atomic<bool> begun{false};
    Doing task([&](const Task::Wanted& wanted) -> Result<bool> {
      ran_in.insert(std::this_thread::get_id());
      if (begun.exchange(true)) return true;
      // Gives up by itself in the end: whoever wants to take over may be too late, or in too much of a hurry.
      for (const Deadline deadline = Deadline::after_ms(50); wanted == 0;)
        if (deadline.passed()) return true;
      return false;
    });
    REQUIRE(stream->enqueue(task).ok());
    while (!begun) std::this_thread::yield();
    REQUIRE(finish(*stream).ok());
    CHECK(task.retired == 1);
    return ran_in.size() == 2;
  }));
}

TEST_CASE("Who waits for a point runs no further, the rest is the thread's") {
  const auto stream = HostStream::make();
  for (int round = 0; round < 200; ++round) {
    std::thread::id first;
    std::thread::id second;
    REQUIRE(stream->enqueue(note_thread, &first).ok());
    const Point between = stream->end();
    REQUIRE(stream->enqueue(note_thread, &second).ok());
    REQUIRE(stream->run_until(between.position).ok());
    const Point end = stream->end();
    REQUIRE(comes_true([&] { return end.reached(); }));
    CHECK(second != std::this_thread::get_id());
  }
}

TEST_CASE("Several threads may wait for one stream, each for its own point") {
  const auto stream = HostStream::make();
  std::atomic<int> late{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 300; ++round) {
        std::thread::id ran_in;
        if (!stream->enqueue(note_thread, &ran_in).ok() || !finish(*stream).ok()) ++late;
        if (ran_in == std::thread::id()) ++late;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(late == 0);
}

TEST_CASE("A function that waits for its own stream is told so, for what is done already it may wait") {
  const auto stream = HostStream::make();
  struct Outcome {
    HostStream* stream;
    uint64_t position;
    Status status;
  };
  const auto wait = [](void* self) {
    auto& outcome = *static_cast<Outcome*>(self);
    outcome.status = outcome.stream->run_until(outcome.position);
  };
  Outcome itself{stream.get(), 1, {}};
  Outcome earlier{stream.get(), 1, {}};
  REQUIRE(stream->enqueue(wait, &itself).ok());
  REQUIRE(stream->enqueue(wait, &earlier).ok());
  REQUIRE(finish(*stream).ok());
  CHECK(itself.status.code() == Code::invalid_usage);
  CHECK(earlier.status.ok());
}

TEST_CASE("A function may enqueue in its own stream and close it") {
  const auto stream = HostStream::make();
  std::atomic<bool> ran{false};
  struct Both {
    HostStream* stream;
    std::atomic<bool>* ran;
  } both{stream.get(), &ran};
  const auto more = [](void* self) {
    const Both& given = *static_cast<Both*>(self);
    static_cast<void>(given.stream->enqueue([](void* flag) { *static_cast<std::atomic<bool>*>(flag) = true; }, given.ran));
    given.stream->close();
  };
  REQUIRE(stream->enqueue(more, &both).ok());
  CHECK(comes_true([&] { return ran.load(); }));
}

}  // namespace
}  // namespace bccl::test
