#include "node/fork.h"

#include <catch2/catch.hpp>
#include <fcntl.h>

#include "nodes.h"

using namespace bccl;
using namespace bccl::test;

namespace {

/// Runs it in a forked child; its exit status is 0 if it was true.
template <class Body>
bool true_in_child(const Body& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body() ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("a forked child is another generation, and its child yet another") {
  const uint64_t mine = process_generation();
  CHECK(mine != 0);
  CHECK(process_generation() == mine);
  CHECK(true_in_child([mine] {
    const uint64_t childs = process_generation();
    return childs != mine &&
           true_in_child([=] { return process_generation() != childs && process_generation() != mine; });
  }));
  CHECK(process_generation() == mine);
}

TEST_CASE("a node destroyed in a forked child stays as it was for its ranks") {
  Processes processes(2, [](Exchange& exchange) {
    auto node = join(exchange);
    const bool harmless = true_in_child([&] {
      const int descriptors = open_descriptors();
      node.reset();
      return open_descriptors() == descriptors && node_mappings() == 0;
    });
    expect(harmless, "the child could not destroy its node, or touched more than its own memory");
    expect(exchange.all_gather("forked", patience()).ok(), "a rank is missing");
    expect(node->presence(1 - node->rank()) == Presence::present,
           "the child's node was taken for its parent's");
    node->arena(node->rank()).front() = std::byte{7};
    expect(exchange.all_gather("looked", patience()).ok(), "a rank is missing");
    expect(node->arena(1 - node->rank()).front() == std::byte{7}, "the memory is gone");
    expect(exchange.all_gather("done", patience()).ok(), "a rank is missing");
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("a forked child that closed all it inherited keeps its new files when the node is destroyed") {
  Processes processes(1, [](Exchange& exchange) {
    auto node = join(exchange);
    const int last = open("/dev/null", O_RDONLY | O_CLOEXEC);
    expect(last >= 0, "cannot open a file");
    expect(true_in_child([&] {
             for (int number = 3; number <= last; ++number) close(number);
             for (int number = 3; number <= last; ++number)
               if (open("/dev/null", O_RDONLY | O_CLOEXEC) != number) return false;
             node.reset();
             for (int number = 3; number <= last; ++number)
               if (fcntl(number, F_GETFD) < 0) return false;
             return true;
           }),
           "a file of the child's was closed");
    close(last);
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("a forked child may join nodes of its own") {
  Processes processes(1, [](Exchange& exchange) {
    const auto node = join(exchange);
    expect(true_in_child([] {
             Shared<ExchangeMemory> memory;
             SharedExchange alone(*memory, 0, 1);
             const auto own = Node::join(alone, small_arenas, patience());
             return own.ok() && own.value()->presence(0) == Presence::present;
           }),
           "the child cannot join");
  });
  CHECK(processes.ends() == "");
}
