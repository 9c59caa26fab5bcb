#include <array>
#include <cstring>
#include <set>

#include <catch2/catch.hpp>
#include <sys/mman.h>

#include "nodes.h"

using namespace bccl;
using namespace bccl::test;

namespace {

constexpr size_t page_bytes = 4096;

std::byte mark_of(int rank) { return static_cast<std::byte>(rank + 1); }

/// Every rank writes at the ends of its own arena and then finds what all others wrote.
void show_and_look(Exchange& exchange, Node& node) {
  const std::span<std::byte> own = node.arena(node.rank());
  own.front() = own.back() = mark_of(node.rank());
  expect(exchange.all_gather("written", patience()).ok(), "a rank is missing");
  for (int rank = 0; rank < node.ranks(); ++rank) {
    const std::span<std::byte> arena = node.arena(rank);
    expect(arena.front() == mark_of(rank) && arena.back() == mark_of(rank), "an arena is not shared");
    expect(reinterpret_cast<uintptr_t>(arena.data()) % page_bytes == 0, "an arena is not page-aligned");
  }
  expect(exchange.all_gather("seen", patience()).ok(), "a rank is missing");
}

size_t resident_pages(std::span<std::byte> memory) {
  std::vector<unsigned char> resident((memory.size() + page_bytes - 1) / page_bytes);
  expect(mincore(memory.data(), memory.size(), resident.data()) == 0, "mincore failed");
  return static_cast<size_t>(
      std::count_if(resident.begin(), resident.end(), [](auto r) { return (r & 1) != 0; }));
}

}  // namespace

TEST_CASE("ranks in processes of their own share their arenas") {
  const int ranks = GENERATE(1, 2, 8, 64);
  CAPTURE(ranks);
  Processes processes(ranks, [](Exchange& exchange) {
    const auto node = join(exchange, small_arena_bytes + static_cast<size_t>(exchange.rank()));
    expect(node->rank() == exchange.rank() && node->ranks() == exchange.size(),
           "rank and size are the exchange's");
    for (int rank = 0; rank < node->ranks(); ++rank) {
      expect(node->arena(rank).size() == small_arena_bytes + static_cast<size_t>(rank),
             "arenas have their own sizes");
      expect(node->same_process(rank) == (rank == node->rank()), "others are in other processes");
    }
    show_and_look(exchange, *node);
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("ranks in threads of one process share their arenas") {
  const int ranks = GENERATE(1, 8, 64);
  CAPTURE(ranks);
  const auto nodes = join_threads(ranks);
  for (const auto& node : nodes) node->arena(node->rank()).back() = mark_of(node->rank());
  for (const auto& node : nodes)
    for (int rank = 0; rank < ranks; ++rank) REQUIRE(node->arena(rank).back() == mark_of(rank));
  CHECK(nodes.front()->same_process(ranks - 1));
}

TEST_CASE("more ranks than descriptors fit a packet join from threads of three processes") {
  constexpr int a_process = 100;
  constexpr int ranks = 3 * a_process;
  const Shared<ExchangeMemory> memory;
  Processes processes(3, [&](Exchange& exchange) {
    const int first = exchange.rank() * a_process;
    const auto nodes = join_threads(*memory, first, a_process, ranks);
    for (const auto& node : nodes) node->arena(node->rank()).front() = mark_of(node->rank());
    expect(exchange.all_gather("written", patience()).ok(), "a process is missing");
    for (int rank = 0; rank < ranks; ++rank)
      expect(nodes.back()->arena(rank).front() == mark_of(rank), "an arena is not shared");
    for (int rank = 0; rank < ranks; ++rank) nodes.front()->ring(rank);  // every doorbell is there
    for (int rank = 0; rank < ranks; ++rank)
      expect(nodes[0]->same_process(rank) == (rank / a_process == exchange.rank()),
             "ranks know their process");
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("a new arena is zero and occupies no memory before it is touched") {
  constexpr size_t large = size_t{64} << 20;
  Processes processes(2, [](Exchange& exchange) {
    const auto node = join(exchange, large);
    for (int rank = 0; rank < 2; ++rank)
      expect(resident_pages(node->arena(rank)) == 0, "an untouched arena has pages");
    expect(exchange.all_gather("looked", patience()).ok(), "a rank is missing");
    const std::span<std::byte> own = node->arena(node->rank());
    expect(own[large / 2] == std::byte{0}, "a new arena is not zero");
    expect(resident_pages(own) == 1, "one touch does not make one page");
    expect(exchange.all_gather("touched", patience()).ok(), "a rank is missing");
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("a rank is described by host and process") {
  Processes processes(2, [](Exchange& exchange) {
    const auto node = join(exchange);
    char host[65] = "";
    gethostname(host, sizeof host - 1);
    expect(node->describe(node->rank()) ==
               fmt::format("rank {} (host {}, pid {})", node->rank(), host, getpid()),
           node->describe(node->rank()));
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("cores are those of all ranks together") {
  cpu_set_t allowed;
  REQUIRE(sched_getaffinity(0, sizeof allowed, &allowed) == 0);
  std::vector<int> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE && cpus.size() < 2; ++cpu)
    if (CPU_ISSET(cpu, &allowed)) cpus.push_back(cpu);
  Processes processes(3, [&](Exchange& exchange) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpus[exchange.rank() == 0 ? 0 : cpus.size() - 1], &one);
    expect(sched_setaffinity(0, sizeof one, &one) == 0, "cannot bind");
    expect(join(exchange)->cores() == static_cast<int>(cpus.size()), "cores are not the union");
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("after leaving, no descriptor and no mapping is left") {
  {
    const auto first = join_threads(2);  // what is made once a process stays
  }
  const int before = open_descriptors();
  {
    const auto nodes = join_threads(8);
    CHECK(node_mappings() == 1);
    CHECK(open_descriptors() == before + 1 + 8);  // the memory and the doorbells, once for all ranks here
  }
  CHECK(open_descriptors() == before);
  CHECK(node_mappings() == 0);
}

TEST_CASE("after ranks of other processes have left, no descriptor and no mapping is left") {
  Processes processes(4, [](Exchange& exchange) {
    const int before = open_descriptors();
    for (int round = 0; round < 3; ++round) join(exchange);
    expect(open_descriptors() == before, "descriptors are left");
    expect(node_mappings() == 0, "a mapping is left");
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("several nodes live side by side") {
  Processes processes(2, [](Exchange& exchange) {
    const auto one = join(exchange);
    const auto other = join(exchange);
    one->arena(one->rank()).front() = std::byte{1};
    expect(other->arena(one->rank()).front() == std::byte{0}, "two nodes share an arena");
    show_and_look(exchange, *one);
    show_and_look(exchange, *other);
  });
  CHECK(processes.ends() == "");
}
