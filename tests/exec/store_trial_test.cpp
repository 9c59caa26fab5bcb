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

/// Makes the calls, and decides each trial by its own times; how many of the calls streamed.
int run(StoreTrial& trial, World world, uint32_t calls) {
  int streamed = 0;
  for (uint32_t call = 0; call < calls; ++call) {
    const bool streaming = trial.next() == Stores::streaming;
    streamed += streaming;
    if (trial.took(streaming ? world.streaming_ns : world.cached_ns)) trial.decide(trial.times());
  }
  return streamed;
}

constexpr StoreTrial::Schedule schedule{.calls_to_settle = 4, .calls_per_kind = 3};
constexpr uint32_t trial_calls = 2 * 7;
constexpr uint32_t rest_calls = 7 * StoreTrial::first_rest;

TEST_CASE("a trial makes as many calls with each kind, and settles on the faster one") {
  for (const bool cached_is_faster : {false, true}) {
    StoreTrial trial(Stores::streaming, schedule);
    const World world{.cached_ns = cached_is_faster ? 100 : 200, .streaming_ns = cached_is_faster ? 200 : 100};
    CHECK(run(trial, world, trial_calls) == int(trial_calls / 2));
    CHECK(run(trial, world, rest_calls) == (cached_is_faster ? 0 : int(rest_calls)));
    CHECK(run(trial, world, trial_calls) == int(trial_calls / 2));
  }
}

TEST_CASE("calls made while a kind settles are not timed and count for nothing") {
  StoreTrial trial(Stores::streaming, schedule);
  for (uint32_t call = 0; call < trial_calls; ++call) {
    const bool settled = call % 7 >= schedule.calls_to_settle;
    CHECK(trial.timing() == settled);
    const bool cached = call < 7;
    CHECK(trial.next() == (cached ? Stores::cached : Stores::streaming));
    CHECK(trial.took(settled ? (cached ? 100 : 200) : (cached ? 1 : 0)) == (call + 1 == trial_calls));
  }
  CHECK(trial.times() == StoreTimes{.cached_ns = 100, .streaming_ns = 200});
  CHECK_FALSE(trial.timing());
}

TEST_CASE("a slow call among a trial's does not decide it") {
  StoreTrial trial(Stores::cached, {.calls_per_kind = 3});
  CHECK_FALSE(trial.took(1'000'000));
  run(trial, {.cached_ns = 100, .streaming_ns = 200}, 5);
  CHECK(trial.times() == StoreTimes{.cached_ns = 100, .streaming_ns = 200});
  CHECK(trial.next() == Stores::cached);
}

TEST_CASE("a later trial notices that the cores have moved") {
  StoreTrial trial(Stores::cached, schedule);
  run(trial, {.cached_ns = 100, .streaming_ns = 200}, trial_calls + rest_calls);
  CHECK(trial.next() == Stores::cached);
  run(trial, {.cached_ns = 400, .streaming_ns = 200}, trial_calls);
  CHECK(trial.next() == Stores::streaming);
}

TEST_CASE("trials become rare") {
  StoreTrial trial(Stores::cached, schedule);
  constexpr uint32_t many_calls = 7 * 10'000;
  const World world{.cached_ns = 100, .streaming_ns = 200};
  CHECK(run(trial, world, many_calls) > 0);
  CHECK(run(trial, world, many_calls) <= int(many_calls / StoreTrial::longest_rest));
  CHECK(run(trial, world, many_calls) > 0);
}

TEST_CASE("a trial is decided by what all ranks took, and until then nothing changes") {
  StoreTrial trial(Stores::streaming, {.calls_per_kind = 1});
  CHECK_FALSE(trial.took(100));
  CHECK(trial.took(50));
  CHECK(trial.next() == Stores::streaming);
  trial.decide({.cached_ns = 400, .streaming_ns = 450});
  CHECK(trial.next() == Stores::cached);
}

TEST_CASE("a rank whose stores are set takes part in trials with those alone") {
  StoreTrial trial = StoreTrial::watching(Stores::streaming, {.calls_per_kind = 3});
  CHECK(trial.timing());
  CHECK(run(trial, {.cached_ns = 100, .streaming_ns = 200}, 6) == 6);
  CHECK_FALSE(trial.timing());
  CHECK(trial.times() == StoreTimes{.cached_ns = 200, .streaming_ns = 200});
  CHECK(trial.next() == Stores::streaming);
}

TEST_CASE("fixed stores are never tried against others") {
  StoreTrial trial = StoreTrial::none(Stores::streaming);
  CHECK(run(trial, {.cached_ns = 100, .streaming_ns = 200}, trial_calls) == int(trial_calls));
  CHECK_FALSE(trial.timing());
}

}  // namespace
}  // namespace bccl::test
