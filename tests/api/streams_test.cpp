// Streams and events as a user of the C API holds them: what is found out, and what NULL means.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "../support/sanitized.h"
#include "clique.h"

namespace bccl::test {
namespace {

/// A stream and an event for a test's length.
struct Pair {
  Pair() {
    REQUIRE(bcclStreamCreate(&stream) == bcclSuccess);
    REQUIRE(bcclEventCreate(&event) == bcclSuccess);
  }
  ~Pair() {
    if (stream != nullptr) bcclStreamDestroy(stream);
    if (event != nullptr) bcclEventDestroy(event);
  }
  bcclStream_t stream = nullptr;
  bcclEvent_t event = nullptr;
};

void await(void* flag) {
  while (!*static_cast<std::atomic<bool>*>(flag)) std::this_thread::yield();
}
void count(void* number) { ++*static_cast<std::atomic<int>*>(number); }

/// Every function that takes a stream, then every one that takes an event.
const std::vector<std::function<bcclResult_t(bcclStream_t, bcclEvent_t)>> of_streams = {
    [](bcclStream_t stream, bcclEvent_t) { return bcclStreamSynchronize(stream); },
    [](bcclStream_t stream, bcclEvent_t) { return bcclStreamQuery(stream); },
    [](bcclStream_t stream, bcclEvent_t event) { return bcclStreamWaitEvent(stream, event); },
    [](bcclStream_t stream, bcclEvent_t) { return bcclStreamLaunch(stream, [](void*) {}, nullptr); },
    [](bcclStream_t stream, bcclEvent_t event) { return bcclEventRecord(event, stream); },
    [](bcclStream_t stream, bcclEvent_t) { return bcclStreamDestroy(stream); },
};
const std::vector<std::function<bcclResult_t(bcclStream_t, bcclEvent_t)>> of_events = {
    [](bcclStream_t, bcclEvent_t event) { return bcclEventSynchronize(event); },
    [](bcclStream_t, bcclEvent_t event) { return bcclEventQuery(event); },
    [](bcclStream_t stream, bcclEvent_t event) { return bcclStreamWaitEvent(stream, event); },
    [](bcclStream_t stream, bcclEvent_t event) { return bcclEventRecord(event, stream); },
    [](bcclStream_t, bcclEvent_t event) { return bcclEventDestroy(event); },
};

TEST_CASE("Functions, queries and events of a stream work together") {
  Pair made;
  std::atomic<bool> open{false};
  std::atomic<int> ran{0};
  CHECK(bcclStreamQuery(made.stream) == bcclSuccess);
  CHECK(bcclEventQuery(made.event) == bcclSuccess);  // never recorded
  REQUIRE(bcclStreamLaunch(made.stream, count, &ran) == bcclSuccess);
  REQUIRE(bcclEventRecord(made.event, made.stream) == bcclSuccess);
  REQUIRE(bcclStreamLaunch(made.stream, await, &open) == bcclSuccess);
  REQUIRE(bcclStreamLaunch(made.stream, count, &ran) == bcclSuccess);
  CHECK(bcclEventSynchronize(made.event) == bcclSuccess);
  CHECK(ran == 1);
  CHECK(bcclEventQuery(made.event) == bcclSuccess);
  CHECK(bcclStreamQuery(made.stream) == bcclInProgress);
  REQUIRE(bcclEventRecord(made.event, made.stream) == bcclSuccess);
  CHECK(bcclEventQuery(made.event) == bcclInProgress);
  open = true;
  CHECK(bcclStreamSynchronize(made.stream) == bcclSuccess);
  CHECK(ran == 2);
  CHECK(bcclStreamQuery(made.stream) == bcclSuccess);
}

TEST_CASE("A stream that waits for an event goes on when the other stream has come there") {
  Pair first;
  Pair second;
  std::atomic<bool> open{false};
  std::atomic<int> ran{0};
  REQUIRE(bcclStreamLaunch(first.stream, await, &open) == bcclSuccess);
  REQUIRE(bcclEventRecord(first.event, first.stream) == bcclSuccess);
  REQUIRE(bcclStreamWaitEvent(second.stream, first.event) == bcclSuccess);
  REQUIRE(bcclStreamLaunch(second.stream, count, &ran) == bcclSuccess);
  REQUIRE(bcclEventDestroy(first.event) == bcclSuccess);  // who waits waits on
  first.event = nullptr;
  CHECK(bcclStreamQuery(second.stream) == bcclInProgress);
  CHECK(ran == 0);
  open = true;
  CHECK(bcclStreamSynchronize(second.stream) == bcclSuccess);
  CHECK(ran == 1);
}

TEST_CASE("The NULL stream is the calling thread: done at once") {
  Pair made;
  std::thread::id ran_in;
  CHECK(bcclStreamSynchronize(nullptr) == bcclSuccess);
  CHECK(bcclStreamQuery(nullptr) == bcclSuccess);
  CHECK(bcclStreamLaunch(nullptr, [](void* id) { *static_cast<std::thread::id*>(id) = std::this_thread::get_id(); },
                         &ran_in) == bcclSuccess);
  CHECK(ran_in == std::this_thread::get_id());
  CHECK(bcclEventRecord(made.event, nullptr) == bcclSuccess);
  CHECK(bcclEventQuery(made.event) == bcclSuccess);
  std::atomic<int> ran{0};
  REQUIRE(bcclStreamLaunch(made.stream, count, &ran) == bcclSuccess);
  REQUIRE(bcclEventRecord(made.event, made.stream) == bcclSuccess);
  CHECK(bcclStreamWaitEvent(nullptr, made.event) == bcclSuccess);
  CHECK(ran == 1);
}

TEST_CASE("Handles that are none, or no longer, are found out by every function") {
  Pair living;
  Pair ended;
  REQUIRE(bcclStreamDestroy(ended.stream) == bcclSuccess);
  REQUIRE(bcclEventDestroy(ended.event) == bcclSuccess);
  int number = 0;
  const struct {
    const char* name;
    void* handle;
  } wrong[] = {{"a small number", reinterpret_cast<void*>(2)},
               {"unreadable", reinterpret_cast<void*>(~uintptr_t{0xfff})},
               {"other memory", &number}};
  for (const auto& [name, handle] : wrong) {
    INFO(name);
    for (const auto& use : of_streams) CHECK(use(handle, living.event) == bcclInvalidArgument);
    for (const auto& use : of_events)
      CHECK(use(living.stream, static_cast<bcclEvent_t>(handle)) == bcclInvalidArgument);
  }
  for (const auto& use : of_streams) {
    CHECK(use(ended.stream, living.event) == bcclInvalidArgument);
    CHECK_THAT(last_error(), Catch::Contains("stream") && Catch::Contains("destroyed"));
    CHECK(use(static_cast<bcclStream_t>(living.event), living.event) == bcclInvalidArgument);
  }
  for (const auto& use : of_events) {
    CHECK(use(living.stream, ended.event) == bcclInvalidArgument);
    CHECK_THAT(last_error(), Catch::Contains("event") && Catch::Contains("destroyed"));
    CHECK(use(living.stream, nullptr) == bcclInvalidArgument);
    CHECK_THAT(last_error(), Catch::Contains("event is NULL"));
  }
  ended.stream = nullptr;
  ended.event = nullptr;
  CHECK(bcclStreamCreate(nullptr) == bcclInvalidArgument);
  CHECK(bcclEventCreate(nullptr) == bcclInvalidArgument);
  CHECK(bcclStreamDestroy(nullptr) == bcclInvalidArgument);
  CHECK(bcclStreamLaunch(living.stream, nullptr, nullptr) == bcclInvalidArgument);
  CHECK_THAT(last_error(), Catch::Contains("fn"));
}

TEST_CASE("A destroyed stream still runs what it was given, destroying does not wait for it") {
  Pair made;
  std::atomic<bool> open{false};
  std::atomic<int> ran{0};
  REQUIRE(bcclStreamLaunch(made.stream, await, &open) == bcclSuccess);
  REQUIRE(bcclStreamLaunch(made.stream, count, &ran) == bcclSuccess);
  REQUIRE(bcclEventRecord(made.event, made.stream) == bcclSuccess);
  REQUIRE(bcclStreamDestroy(made.stream) == bcclSuccess);
  made.stream = nullptr;
  CHECK(ran == 0);
  open = true;
  CHECK(bcclEventSynchronize(made.event) == bcclSuccess);
  CHECK(ran == 1);
}

TEST_CASE("A function that synchronizes its own stream is told so") {
  Pair made;
  struct Own {
    bcclStream_t stream;
    bcclResult_t result;
  } own{made.stream, bcclSuccess};
  const auto wait = [](void* self) {
    static_cast<Own*>(self)->result = bcclStreamSynchronize(static_cast<Own*>(self)->stream);
  };
  REQUIRE(bcclStreamLaunch(made.stream, wait, &own) == bcclSuccess);
  CHECK(bcclStreamSynchronize(made.stream) == bcclSuccess);
  CHECK(own.result == bcclInvalidUsage);
}

/// In a forked child: 0, or which of the functions does not tell that the handles are the parent's.
int fault_of_child(const Pair& made) {
  int at = 1;
  for (const auto* uses : {&of_streams, &of_events})
    for (const auto& use : *uses) {
      if (use(made.stream, made.event) != bcclInvalidUsage || last_error().find("fork") == std::string::npos) return at;
      ++at;
    }
  if (!threads_after_fork) return 0;
  Pair own;
  std::atomic<int> ran{0};
  bcclStreamLaunch(own.stream, count, &ran);
  return bcclStreamSynchronize(own.stream) == bcclSuccess && ran == 1 ? 0 : at;
}

TEST_CASE("A forked child's streams and events are its parent's, it may make its own") {
  Pair made;
  std::atomic<bool> open{false};
  for (int i = 0; i < 10; ++i) {
    open = false;
    REQUIRE(bcclStreamLaunch(made.stream, await, &open) == bcclSuccess);
    REQUIRE(bcclEventRecord(made.event, made.stream) == bcclSuccess);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) _exit(fault_of_child(made));
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    open = true;
    CHECK(bcclStreamSynchronize(made.stream) == bcclSuccess);
  }
}

}  // namespace
}  // namespace bccl::test
