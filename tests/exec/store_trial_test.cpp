// Which stores a recipe settles on, and that it changes its mind when the machine does.
#include "exec/store_trial.h"

#include <catch2/catch.hpp>

namespace bccl::test {
namespace {

/// Times a call would take with each kind.
struct World {
  int64_t cached_ns;
  int64_t streaming_ns;
};

/// Makes the calls; how many of them streamed.
int run(StoreTrial& trial, World world, uint32_t calls) {
  int streamed = 0;
  for (uint32_t call = 0; call < calls; ++call) {
    const bool streaming = trial.next() == Stores::streaming;
    streamed += streaming;
    trial.took(streaming ? world.streaming_ns : world.cached_ns);
  }
  return streamed;
}

constexpr uint32_t calls_per_kind = 3;
constexpr uint32_t trial_calls = 2 * calls_per_kind;
constexpr uint32_t round_calls = trial_calls + StoreTrial::calls_between;

TEST_CASE("until the first trial the first kind is used") {
  StoreTrial trial(Stores::streaming, {.calls_before = 10});
  CHECK(run(trial, {.cached_ns = 100, .streaming_ns = 200}, 10) == 10);
  CHECK(trial.trying());
}

TEST_CASE("a trial settles on the faster kind of stores") {
  StoreTrial trial(Stores::cached, {.calls_per_kind = calls_per_kind});
  run(trial, {.cached_ns = 200, .streaming_ns = 100}, trial_calls);
  CHECK_FALSE(trial.trying());
  CHECK(trial.next() == Stores::streaming);
  StoreTrial other(Stores::streaming, {.calls_per_kind = calls_per_kind});
  run(other, {.cached_ns = 100, .streaming_ns = 200}, trial_calls);
  CHECK(other.next() == Stores::cached);
}

TEST_CASE("a slow call among a trial's does not decide it") {
  StoreTrial trial(Stores::cached, {.calls_per_kind = calls_per_kind});
  trial.took(1'000'000);
  run(trial, {.cached_ns = 100, .streaming_ns = 200}, trial_calls - 1);
  CHECK(trial.next() == Stores::cached);
}

TEST_CASE("a later trial notices that the cores have moved") {
  StoreTrial trial(Stores::cached, {.calls_per_kind = calls_per_kind});
  run(trial, {.cached_ns = 100, .streaming_ns = 200}, round_calls);
  run(trial, {.cached_ns = 400, .streaming_ns = 200}, trial_calls);
  CHECK(trial.next() == Stores::streaming);
}

TEST_CASE("trials take a small part of the calls") {
  StoreTrial trial(Stores::cached, {.calls_per_kind = calls_per_kind});
  CHECK(run(trial, {.cached_ns = 100, .streaming_ns = 200}, round_calls) == int(calls_per_kind));
}

TEST_CASE("fixed stores are never tried against others") {
  StoreTrial trial = StoreTrial::none(Stores::streaming);
  CHECK(run(trial, {.cached_ns = 100, .streaming_ns = 200}, round_calls) == int(round_calls));
  CHECK_FALSE(trial.trying());
}

}  // namespace
}  // namespace bccl::test
