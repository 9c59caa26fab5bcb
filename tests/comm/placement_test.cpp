// Where communicators put staging memory, and which processors the library's own threads get.
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <thread>

#include <catch2/catch.hpp>
#include <sys/syscall.h>
#include <unistd.h>

#include "../support/memory_policy.h"
#include "base/affinity.h"
#include "base/quiet_thread.h"
#include "bootstrap/rendezvous.h"
#include "comm/placement.h"
#include "memory/pages.h"
#include "stream/host_stream.h"
#include "team.h"
#include "topology/binding.h"
#include "topology/discovery.h"

namespace bccl::test {
namespace {

Settings with_placement(const std::string& placement) {
  Settings settings = test_settings();
  settings.wait = "yield";
  settings.placement = placement;
  return settings;
}

/// Node 0 is there; the other one as a rule is not, which must do no harm.
std::vector<Pose> on_two_nodes() {
  return bound_to_cores("aaaa", topology_from_synthetic("package:2 numa:1 core:2 pu:1").value());
}

std::optional<int> node_of_arena(Team& team, int rank, int of) {
  const std::span<std::byte> arena = team[rank].node()->arena(of);
  const std::optional<int> first = preferred_node(arena.data());
  CHECK(preferred_node(arena.data() + arena.size() - 1) == first);
  return first;
}

/// The nodes of the pages that are there.
std::set<int> nodes_of_pages(std::span<std::byte> memory) {
  std::set<int> nodes;
  for (size_t at = 0; at < memory.size(); at += page_bytes)
    if (const int node = node_of_page(&memory[at]); node >= 0) nodes.insert(node);
  return nodes;
}

Status sum_ones(Communicator& communicator) {
  std::vector<int32_t> ones(50'000, 1);
  BCCL_TRY(communicator.run({.source = ones.data(), .target = ones.data(), .count = ones.size(), .type = DataType::int32,
                             .reduction = {.op = ReduceOp::sum}}));
  if (ones.back() == communicator.ranks()) return {};
  return fail(Code::internal_error, "the sum is {}", ones.back());
}

TEST_CASE("Staging memory belongs to its owner's NUMA node, whoever maps it, and one that is not there does no harm") {
  Team team(on_two_nodes(), with_placement("auto"));
  REQUIRE(troubles(team.each(sum_ones)) == "");
  if (!preferred_node(team[0].node()->arena(0).data())) {
    WARN("the kernel says nothing of NUMA nodes here");
    return;
  }
  const bool two_nodes = std::filesystem::exists("/sys/devices/system/node/node1");
  for (int rank = 0; rank < 4; ++rank)
    for (int of = 0; of < 4; ++of) {
      INFO("rank " << rank << " looks at the arena of rank " << of);
      CHECK(node_of_arena(team, rank, of) == (of < 2 ? 0 : two_nodes ? 1 : no_node));
    }
  CHECK(nodes_of_pages(team[0].node()->arena(0)) == std::set{0});
}

TEST_CASE("Staging memory lies where the system puts it if that is wanted, or if ranks are bound to no node") {
  std::vector<Pose> anywhere = on_two_nodes();
  for (Pose& pose : anywhere) pose.processors = {0, 1, 2, 3};
  Team off(on_two_nodes(), with_placement("off"));
  Team unbound(anywhere, with_placement("auto"));
  for (Team* team : {&off, &unbound})
    CHECK(preferred_node((*team)[0].node()->arena(0).data()).value_or(no_node) == no_node);
}

/// The processors of the stream thread that a thread bound to `caller` starts.
std::vector<int> processors_of_stream_thread(int caller) {
  std::vector<int> processors;
  const auto look = [](void* into) { *static_cast<std::vector<int>*>(into) = processors_of_thread(); };
  std::thread([&] {
    CHECK(bind_this_thread(std::vector{caller}).ok());
    const auto stream = HostStream::make();
    CHECK(stream->enqueue(look, &processors).ok());
    while (!stream->idle()) std::this_thread::yield();  // without taking it over
    stream->close();
    CHECK(processors_of_thread() == std::vector{caller});
  }).join();
  return processors;
}

/// Threads are placed for a test's length.
struct Placed {
  explicit Placed(const std::string& placement) { place_threads(with_placement(placement)); }
  ~Placed() { set_thread_place(nullptr); }
};

TEST_CASE("A stream's thread runs on its caller's NUMA node, on no processor that the process may not use") {
  const std::vector<int> all = processors_of_thread(getpid());
  const Topology& machine = *this_machine(Cores::all).value();
  for (const int caller : {all.front(), all.back()}) {
    const Placed placed("auto");
    const std::vector<int> processors = processors_of_stream_thread(caller);
    const int node = location_of(machine, std::vector{caller}).numa_node;
    std::vector<int> expected;
    for (const int processor : all)
      if (location_of(machine, std::vector{processor}).numa_node == node) expected.push_back(processor);
    CHECK(processors == expected);
  }
}

TEST_CASE("With BCCL_PLACEMENT=off a stream's thread runs where its caller may") {
  const std::vector<int> all = processors_of_thread(getpid());
  const Placed placed("off");
  CHECK(processors_of_stream_thread(all.back()) == std::vector{all.back()});
}

TEST_CASE("In a process that is bound to one processor, so are the library's threads") {
  const std::vector<int> all = processors_of_thread(getpid());
  const Placed placed("auto");
  REQUIRE(bind_this_thread(std::vector{all.back()}).ok());
  const std::vector<int> processors = processors_of_stream_thread(all.back());
  REQUIRE(bind_this_thread(all).ok());
  CHECK(processors == std::vector{all.back()});
}

/// Of this process's thread of that name; empty: there is none.
std::vector<int> processors_of_thread_named(const std::string& name) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string found;
    std::ifstream file(entry.path() / "comm");
    std::getline(file, found);
    if (found == name) return processors_of_thread(std::stoi(entry.path().filename()));
  }
  return {};
}

/// Whether this process gets a thread of that name with these processors: threads bind themselves when they start.
bool comes_to_run_on(const std::string& name, const std::vector<int>& processors) {
  const Deadline deadline = Deadline::after_ms(20'000);
  while (processors_of_thread_named(name) != processors && !deadline.passed()) std::this_thread::yield();
  return processors_of_thread_named(name) == processors;
}

TEST_CASE("The thread that serves the control between hosts is not bound to the one processor of a leader") {
  const std::vector<int> all = processors_of_thread(getpid());
  const Topology& machine = *this_machine(Cores::all).value();
  for (const std::string placement : {"auto", "off"}) {
    const Placed placed(placement);
    const std::vector<int> leaders{all.back()};
    const std::vector<int> expected = placement == "off" ? leaders : service_processors(machine, leaders, all);
    std::thread([&] {
      CHECK(bind_this_thread(leaders).ok());
      Settings settings = test_settings();
      Team team("ab", settings);
      CHECK(comes_to_run_on("bccl-control", expected));
    }).join();
  }
}

TEST_CASE("Nor is the thread that serves a root bound to the one processor of who opened it") {
  const std::vector<int> all = processors_of_thread(getpid());
  const std::vector<int> opener{all.back()};
  const Placed placed("auto");
  std::thread([&] {
    CHECK(bind_this_thread(opener).ok());
    CHECK(open_root(test_settings()).ok());
    CHECK(comes_to_run_on("bccl-root", service_processors(*this_machine(Cores::all).value(), opener, all)));
  }).join();
}

}  // namespace
}  // namespace bccl::test
