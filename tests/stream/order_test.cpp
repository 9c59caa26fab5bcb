// What runs when: order within a stream, points, errors, ends.
#include <numeric>
#include <vector>

#include <catch2/catch.hpp>

#include "../support/process_view.h"
#include "../transport/allocation_count.h"
#include "pieces.h"
#include "stream/event.h"

namespace bccl::test {
namespace {

/// Appends a number to a list when it runs.
struct Append {
  std::vector<int>* list;
  int number;
  static void run(void* self) {
    const Append& append = *static_cast<Append*>(self);
    append.list->push_back(append.number);
  }
};

TEST_CASE("Work of a stream runs in the order in which it was enqueued, whatever its kind") {
  const auto stream = HostStream::make();
  std::vector<int> done;
  std::vector<Append> appends;
  for (int i = 0; i < 1000; ++i) appends.push_back({&done, i});
  std::vector<std::unique_ptr<Doing>> tasks;
  for (Append& append : appends) {
    if (append.number % 3 != 0) {
      REQUIRE(stream->enqueue(Append::run, &append).ok());
      continue;
    }
    tasks.push_back(std::make_unique<Doing>([&](const Task::Wanted&) {
      Append::run(&append);
      return true;
    }));
    REQUIRE(stream->enqueue(*tasks.back()).ok());
  }
  REQUIRE(finish(*stream).ok());
  std::vector<int> expected(1000);
  std::iota(expected.begin(), expected.end(), 0);
  CHECK(done == expected);
  for (const auto& task : tasks) CHECK(task->retired == 1);
}

TEST_CASE("Enqueuing returns before the work runs, and the stream is idle when all has") {
  const auto stream = HostStream::make();
  CHECK(stream->idle());
  Gate gate;
  REQUIRE(gate.put_into(*stream).ok());
  const Point end = stream->end();
  CHECK_FALSE(stream->idle());
  CHECK_FALSE(end.reached());
  gate.open();
  REQUIRE(finish(*stream).ok());
  CHECK(stream->idle());
  CHECK(end.reached());
}

TEST_CASE("A stream that nobody waits for is run by its own thread") {
  const auto stream = HostStream::make();
  std::atomic<bool> ran{false};
  REQUIRE(stream->enqueue([](void* flag) { *static_cast<std::atomic<bool>*>(flag) = true; }, &ran).ok());
  CHECK(comes_true([&] { return ran.load(); }));
}

TEST_CASE("What follows a point waits for it, what was enqueued before does not") {
  const auto first = HostStream::make();
  const auto second = HostStream::make();
  Gate gate;
  std::vector<int> done;
  Append before{&done, 1};
  Append after{&done, 2};
  REQUIRE(gate.put_into(*first).ok());
  REQUIRE(second->enqueue(Append::run, &before).ok());
  const Point in_between = second->end();
  REQUIRE(second->follow(first->end()).ok());
  REQUIRE(second->enqueue(Append::run, &after).ok());
  REQUIRE(second->run_until(in_between.position).ok());
  CHECK(done == std::vector{1});
  CHECK_FALSE(second->idle());
  gate.open();
  REQUIRE(finish(*second).ok());
  CHECK(done == std::vector{1, 2});
  CHECK(first->end().reached());
}

TEST_CASE("Many streams may follow one point, which none of them keeps from being reached") {
  const auto leader = HostStream::make();
  Gate gate;
  REQUIRE(gate.put_into(*leader).ok());
  std::vector<std::shared_ptr<HostStream>> followers;
  for (int i = 0; i < 10; ++i) {
    followers.push_back(HostStream::make());
    REQUIRE(followers.back()->follow(leader->end()).ok());
  }
  gate.open();
  for (const auto& follower : followers) CHECK(finish(*follower).ok());
}

TEST_CASE("A stream that follows its own points goes on") {
  const auto stream = HostStream::make();
  Gate gate;
  REQUIRE(gate.put_into(*stream).ok());
  REQUIRE(stream->follow(stream->end()).ok());
  gate.open();
  CHECK(finish(*stream).ok());
}

TEST_CASE("An event stands for the point of its last record, who followed an earlier one keeps to that") {
  const auto slow = HostStream::make();
  const auto fast = HostStream::make();
  const auto follower = HostStream::make();
  Gate gate;
  Event event;
  CHECK(event.point().reached());  // never recorded
  REQUIRE(gate.put_into(*slow).ok());
  event.record(slow->end());
  REQUIRE(follower->follow(event.point()).ok());
  CHECK_FALSE(event.point().reached());
  event.record(fast->end());
  CHECK(event.point().reached());
  CHECK_FALSE(follower->idle());
  gate.open();
  CHECK(finish(*follower).ok());
}

TEST_CASE("The first error is kept until it is taken, and what comes after it runs") {
  const auto stream = HostStream::make();
  Doing fails([](const Task::Wanted&) -> Result<bool> { return fail(Code::remote_error, "the first"); });
  Doing fails_too([](const Task::Wanted&) -> Result<bool> { return fail(Code::timeout, "the second"); });
  Doing works([](const Task::Wanted&) -> Result<bool> { return true; });
  for (Doing* task : {&fails, &fails_too, &works}) REQUIRE(stream->enqueue(*task).ok());
  REQUIRE(finish(*stream).ok());
  CHECK(works.retired == 1);
  CHECK(stream->error().sentence() == "the first");
  CHECK(stream->take_error().code() == Code::remote_error);
  CHECK(stream->take_error().ok());
  REQUIRE(stream->enqueue(fails_too).ok());
  REQUIRE(finish(*stream).ok());
  CHECK(stream->take_error().sentence() == "the second");
}

TEST_CASE("A closed stream takes no more, runs what it has, and then its thread ends") {
  const int threads_before = running_threads();
  std::atomic<int> ran{0};
  for (int i = 0; i < 50; ++i) {
    const auto stream = HostStream::make();
    const auto count = [](void* number) { ++*static_cast<std::atomic<int>*>(number); };
    REQUIRE(stream->enqueue(count, &ran).ok());
    REQUIRE(stream->enqueue(count, &ran).ok());
    stream->close();
    CHECK(stream->enqueue(count, &ran).code() == Code::invalid_argument);
  }
  CHECK(comes_true([&] { return running_threads() <= threads_before; }));
  CHECK(ran == 100);
}

TEST_CASE("A stream that was never used has no thread") {
  const int threads_before = running_threads();
  const auto stream = HostStream::make();
  CHECK(finish(*stream).ok());
  CHECK(stream->follow(Point{}).ok());  // reached: nothing to enqueue
  CHECK(running_threads() == threads_before);
}

TEST_CASE("Enqueuing, following and waiting allocate nothing once the queue has been as long as it gets") {
  const auto first = HostStream::make();
  const auto second = HostStream::make();
  Doing task([](const Task::Wanted&) { return true; });
  const auto enqueue = [&] {
    static_cast<void>(first->enqueue(task));
    static_cast<void>(second->follow(first->end()));
    static_cast<void>(second->enqueue([](void*) {}, nullptr));
  };
  const auto round = [&] {
    for (int i = 0; i < 20; ++i) enqueue();
    static_cast<void>(finish(*second));
  };
  Gate gate;  // the queues will never be longer than while nothing runs
  REQUIRE(gate.put_into(*first).ok());
  REQUIRE(gate.put_into(*second).ok());
  for (int i = 0; i < 20; ++i) enqueue();
  gate.open();
  for (int i = 0; i < 100; ++i) round();
  const int64_t before = allocation_count();
  for (int i = 0; i < 100; ++i) round();
  CHECK(allocation_count() == before);
}

}  // namespace
}  // namespace bccl::test
