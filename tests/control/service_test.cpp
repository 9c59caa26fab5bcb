/// Stewards served by the process's thread.
#include "control/service.h"

#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "hosts.h"

using namespace bccl;
using namespace bccl::test;

namespace {

bool service_runs() {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(task.path() / "comm");
    std::string name;
    if (std::getline(file, name) && name == "bccl-control") return true;
  }
  return false;
}

void serve(Hosts& hosts) {
  for (int host = 0; host < hosts.count(); ++host) {
    const Status adopted = control::Service::of_this_process().adopt(hosts.steward(host));
    REQUIRE(adopted.ok());
    hosts.steward(host).reset();  // it is the service's now
  }
}

}  // namespace

TEST_CASE("news and errors travel between hosts by themselves") {
  Hosts hosts("aabbc");
  serve(hosts);
  hosts.node(3).enter({.sequence = 1, .count = 5});
  CHECK(holds_within_ms(patience_ms, [&] {
    hosts.node(0).want_news();
    return hosts.node(0).last_call(3).count == 5;
  }));
  hosts.node(4).post_abort(Code::timeout, 4, "the cause");
  for (int rank = 0; rank < 5; ++rank) {
    CHECK(holds_within_ms(patience_ms, [&] { return hosts.node(rank).abort_word() != 0; }));
    CHECK(hosts.node(rank).posted().sentence == "the cause");
  }
}

TEST_CASE("an error wakes sleepers on other hosts") {
  Hosts hosts("ab");
  serve(hosts);
  std::thread sleeper([&] {
    const auto ready = [](void*) { return false; };
    const Deadline deadline = Deadline::after_ms(patience_ms);
    while (hosts.node(1).abort_word() == 0 && !deadline.passed())
      hosts.node(1).sleep(static_cast<int>(patience_ms), ready, nullptr);
  });
  const int64_t start = now_ns();
  hosts.node(0).post_abort(Code::remote_error, 0, "wake up");
  sleeper.join();
  CHECK(hosts.node(1).abort_word() != 0);
  CHECK(now_ns() - start < patience_ms * 1'000'000 / 2);
}

TEST_CASE("the service's thread ends with the last rank, and leaves no descriptor and no mapping") {
  REQUIRE(holds_within_ms(patience_ms, [&] { return !service_runs(); }));  // of the tests before
  const int before = open_descriptors();
  for (int round = 0; round < 3; ++round) {
    Hosts hosts("aabbc");
    serve(hosts);
    Hosts others("ab");
    serve(others);
    CHECK(holds_within_ms(patience_ms, service_runs));  // a thread names itself once it has begun
    for (const int rank : {2, 0, 4, 1, 3}) hosts.leave(rank);
  }
  CHECK(holds_within_ms(patience_ms, [&] { return !service_runs() && open_descriptors() == before; }));
  CHECK(node_mappings() == 0);
}

TEST_CASE("a forked child has no service of its parent's, and its end disturbs nobody") {
  Hosts hosts("ab");
  serve(hosts);
  const pid_t child = fork();
  if (child == 0) _exit(service_runs() ? 1 : 0);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  hosts.node(1).post_abort(Code::remote_error, 1, "still here");
  CHECK(holds_within_ms(patience_ms, [&] { return hosts.node(0).abort_word() != 0; }));
}
