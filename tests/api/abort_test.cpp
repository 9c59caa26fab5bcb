// Calls from other threads: aborts, second threads, states.
#include <atomic>
#include <random>
#include <thread>

#include <catch2/catch.hpp>

#include "../support/sanitized.h"
#include "api/handle.h"
#include "base/clock.h"
#include "clique.h"

namespace bccl::test {
namespace {

constexpr int64_t promised_ms = 1000;
constexpr int64_t tolerated_ms = 3000;  ///< On a loaded machine.

bcclResult_t sum(bcclComm_t comm, std::vector<float>& numbers) {
  return bcclAllReduce(numbers.data(), numbers.data(), numbers.size(), bcclFloat, bcclSum, comm, nullptr);
}

/// Waits until another thread is inside the communicator.
bool somebody_is_inside(bcclComm_t comm) {
  const Deadline deadline = Deadline::after_ms(20'000);
  while (!communicator_of(comm).value()->busy()) {
    if (deadline.passed()) return false;
    std::this_thread::yield();
  }
  return true;
}

/// A call that can never finish, in a thread of its own: only this rank makes it.
struct StuckCall {
  explicit StuckCall(bcclComm_t comm) {
    thread = std::thread([this, comm] {
      std::vector<float> numbers(1000, 1.0F);
      result = sum(comm, numbers);
      sentence = last_error();
      left_ns = now_ns();
    });
    REQUIRE(somebody_is_inside(comm));
  }
  std::thread thread;
  bcclResult_t result = bcclSuccess;
  std::string sentence;
  int64_t left_ns = 0;
};

void check_time(int64_t start_ns, int64_t end_ns) {
  const int64_t ms = (end_ns - start_ns) / 1'000'000;
  if (ms > promised_ms) WARN("it took " << ms << " ms, not " << promised_ms);
  CHECK(ms < tolerated_ms);
}

TEST_CASE("An abort returns within a second while another thread is inside a call that can never finish") {
  for (const int ranks : {2, 5}) {
    Clique clique(ranks);
    StuckCall call(clique[0]);
    const int64_t start = now_ns();
    CHECK(bcclCommAbort(clique[0]) == bcclSuccess);
    const int64_t aborted = now_ns();
    clique.forget(0);
    call.thread.join();
    check_time(start, aborted);
    check_time(start, call.left_ns);
    CHECK(call.result != bcclSuccess);
    CHECK_THAT(call.sentence, Catch::Contains("abort") || Catch::Contains("destroyed"));
  }
}

TEST_CASE("Another rank's abort ends a pending call within a second, with an error that names that rank") {
  Clique clique(3);
  StuckCall call(clique[0]);
  const int64_t start = now_ns();
  CHECK(bcclCommAbort(clique[2]) == bcclSuccess);
  clique.forget(2);
  call.thread.join();
  check_time(start, call.left_ns);
  CHECK(call.result == bcclRemoteError);
  CHECK_THAT(call.sentence, Catch::Contains("rank 2"));
}

TEST_CASE("An abort ends a group that can never finish") {
  Clique clique(4);
  std::vector<std::vector<float>> numbers(4, std::vector<float>(100, 1.0F));
  bcclResult_t ended = bcclSuccess;
  std::thread driver([&] {
    bcclGroupStart();
    for (int rank = 0; rank < 3; ++rank) sum(clique[rank], numbers[size_t(rank)]);
    ended = bcclGroupEnd();
  });
  REQUIRE(somebody_is_inside(clique[2]));
  const int64_t start = now_ns();
  CHECK(bcclCommAbort(clique[3]) == bcclSuccess);
  clique.forget(3);
  driver.join();
  check_time(start, now_ns());
  CHECK(ended == bcclRemoteError);
  for (int rank = 0; rank < 3; ++rank) CHECK_THAT(last_error(clique[rank]), Catch::Contains("rank 3"));
}

TEST_CASE("An aborted communicator is found out by later calls, and by a second abort") {
  Clique clique(2);
  const bcclComm_t comm = clique[0];
  REQUIRE(bcclCommAbort(comm) == bcclSuccess);
  clique.forget(0);
  std::vector<float> numbers(1);
  CHECK(sum(comm, numbers) == bcclInvalidArgument);
  CHECK_THAT(last_error(), Catch::Contains("aborted"));
  CHECK(bcclCommAbort(comm) == bcclInvalidArgument);
  CHECK(bcclCommDestroy(comm) == bcclInvalidArgument);
}

TEST_CASE(
    "A second thread inside a communicator gets invalid usage, the first one and the communicator are "
    "unharmed") {
  Clique clique(2);
  std::vector<float> first(1000, 1.0F);
  std::vector<float> second(10, 1.0F);
  std::vector<float> peer(1000, 1.0F);
  bcclResult_t of_first = bcclInternalError;
  std::thread caller([&] { of_first = sum(clique[0], first); });
  bcclResult_t of_second = bcclSuccess;
  REQUIRE(somebody_is_inside(clique[0]));
  of_second = sum(clique[0], second);
  CHECK(of_second == bcclInvalidUsage);
  CHECK_THAT(last_error(), Catch::Contains("thread"));
  CHECK(sum(clique[1], peer) == bcclSuccess);
  caller.join();
  CHECK(of_first == bcclSuccess);
  CHECK(first == std::vector<float>(1000, 2.0F));
  CHECK(second == std::vector<float>(10, 1.0F));
  CHECK(clique.trouble_with_a_sum().empty());
}

TEST_CASE("Destroying a communicator while another thread is inside it is refused") {
  Clique clique(2);
  std::vector<float> numbers(10, 1.0F);
  std::vector<float> peer(10, 1.0F);
  bcclResult_t result = bcclInternalError;
  std::thread caller([&] { result = sum(clique[0], numbers); });
  REQUIRE(somebody_is_inside(clique[0]));
  CHECK(bcclCommDestroy(clique[0]) == bcclInvalidUsage);
  CHECK_THAT(last_error(), Catch::Contains("thread"));
  CHECK(sum(clique[1], peer) == bcclSuccess);
  caller.join();
  CHECK(result == bcclSuccess);
}

TEST_CASE("Who is inside a communicator keeps it while another thread takes it away") {
  Clique clique(1);
  const Result<Stay> stay = Stay::enter(clique[0]);
  REQUIRE(stay.ok());
  const auto taken = close_handle(clique[0]);
  clique.forget(0);
  REQUIRE(taken.ok());
  CHECK(&stay.value().communicator() == taken.value().get());
}

TEST_CASE("State, sentence and abort may be asked for at any time while all ranks call in a loop") {
  constexpr int rounds = sanitized ? 30 : 100;
  std::mt19937 random(Catch::rngSeed());
  INFO("seed " << Catch::rngSeed());
  for (int round = 0; round < rounds; ++round) {
    Clique clique(3);
    std::atomic<int> looping{0};
    std::vector<std::thread> callers;
    std::vector<int64_t> left_ns(3, 0);
    for (int rank = 0; rank < 3; ++rank)
      callers.emplace_back([&, rank] {
        std::vector<float> numbers(round % 2 == 0 ? 10 : 20'000, 1.0F);
        ++looping;
        const bcclComm_t comm = clique[rank];
        while (sum(comm, numbers) == bcclSuccess) {
        }
        left_ns[size_t(rank)] = now_ns();
      });
    while (looping < 3) std::this_thread::yield();
    for (unsigned i = random() % 200; i > 0; --i) {
      bcclResult_t state = bcclSuccess;
      bcclCommGetAsyncError(clique[int(i % 3)], &state);
      last_error(clique[int(i % 3)]);
    }
    const int64_t start = now_ns();
    const int victim = int(random() % 3);
    CHECK(bcclCommAbort(clique[victim]) == bcclSuccess);
    clique.forget(victim);
    for (std::thread& caller : callers) caller.join();
    for (const int64_t left : left_ns) check_time(start, left);
  }
}

}  // namespace
}  // namespace bccl::test
