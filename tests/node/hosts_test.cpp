/// Ranks that are not all on one host: told apart by what they say, and by what they cannot do.
#include <cstddef>

#include <catch2/catch.hpp>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "nodes.h"

using namespace bccl;
using namespace bccl::test;

namespace {

std::unique_ptr<Node> join_on(Exchange& exchange, const std::string& host) {
  auto node = Node::join(exchange, small_arenas, patience(), {.identity = {.host = host}});
  expect(node.ok(), node.sentence());
  return std::move(node).value();
}

std::byte mark_of(int rank) { return static_cast<std::byte>(rank + 1); }

/// What every rank of these groups must find: the groups, and that those of one share arenas and wake each other.
void check_groups(Exchange& exchange, Node& node, const Groups& wanted) {
  expect(node.groups() == wanted, "the groups are others");
  expect(node.ranks_here() == wanted.members(wanted.of(node.rank())), "other ranks are here");
  node.arena(node.rank()).front() = mark_of(node.rank());
  expect(exchange.all_gather("written", patience()).ok(), "a rank is missing");
  for (int rank = 0; rank < node.ranks(); ++rank) {
    expect(node.is_here(rank) == wanted.together(rank, node.rank()), "a rank is elsewhere");
    expect(node.presence(rank) == Presence::present, "a rank is not present");
    expect(node.describe(rank).starts_with(fmt::format("rank {} (host", rank)), node.describe(rank));
    if (node.is_here(rank)) expect(node.arena(rank).front() == mark_of(rank), "an arena is not shared");
    if (node.is_here(rank)) node.ring(rank);
  }
  expect(exchange.all_gather("seen", patience()).ok(), "a rank is missing");
}

/// Forbids this process a system call whose argument has one of these bits, as a container's profile may.
void forbid(int call, int argument, uint32_t bits) {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
               static_cast<uint32_t>(offsetof(seccomp_data, args) + 8 * static_cast<size_t>(argument))),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{std::size(program), program};
  expect(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "cannot give up privileges");
  expect(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0, "cannot install a filter");
}

/// Gives two ranks' facts one text in place of another of equal length.
class ForgedFacts final : public Exchange {
 public:
  ForgedFacts(Exchange& exchange, std::string from, std::string to)
      : exchange_(exchange), from_(std::move(from)), to_(std::move(to)) {}
  int rank() const override { return exchange_.rank(); }
  int size() const override { return exchange_.size(); }
  const std::string& secret() const override { return exchange_.secret(); }
  Result<std::vector<std::string>> all_gather(const std::string& mine, Deadline deadline) override {
    auto all = BCCL_TRY(exchange_.all_gather(mine, deadline));
    for (const size_t rank : {size_t{1}, size_t{2}})
      if (const size_t at = all[rank].find(from_); at != std::string::npos) all[rank].replace(at, from_.size(), to_);
    return all;
  }

 private:
  Exchange& exchange_;
  const std::string from_;
  const std::string to_;
};

std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

}  // namespace

TEST_CASE("ranks of several hosts in processes join a node for each host") {
  const std::string hosts = GENERATE("ab", "aab", "aabb", "abab", "abcabca", "aaab");
  CAPTURE(hosts);
  std::vector<std::string> keys;
  for (const char host : hosts) keys.emplace_back(1, host);
  Processes processes(static_cast<int>(hosts.size()), [&](Exchange& exchange) {
    const auto node = join_on(exchange, keys[static_cast<size_t>(exchange.rank())]);
    check_groups(exchange, *node, Groups::by_key(keys));
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("ranks of several hosts in threads of one process join a node for each host") {
  const std::vector<std::string> keys{"a", "b", "a", "b", "c"};
  const Shared<ExchangeMemory> memory;
  std::vector<std::string> errors(keys.size());
  on_ranks(static_cast<int>(keys.size()), [&](int rank) {
    try {
      SharedExchange exchange(*memory, rank, static_cast<int>(keys.size()));
      const auto node = join_on(exchange, keys[static_cast<size_t>(rank)]);
      check_groups(exchange, *node, Groups::by_key(keys));
    } catch (const std::exception& error) {
      errors[static_cast<size_t>(rank)] = error.what();
    }
  });
  for (const std::string& error : errors) CHECK(error == "");
}

TEST_CASE("ranks that are to share memory with nobody are hosts of their own on one machine") {
  Processes processes(3, [](Exchange& exchange) {
    auto node = Node::join(exchange, small_arenas, patience(), {.identity = {.alone = true}});
    expect(node.ok(), node.sentence());
    check_groups(exchange, **node, Groups::by_key({"a", "b", "c"}));
    expect((*node)->machines() == Groups::by_key({"m", "m", "m"}), "they seem to be on several machines");
    expect((*node)->crowded() == (3 > (*node)->cores()), "the ranks that use the cores are miscounted");
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("another boot id is another host") {
  Processes processes(4, [](Exchange& exchange) {
    const std::string id = boot_id();
    ForgedFacts forged(exchange, id, std::string(id.size(), 'f'));
    const auto node = join_on(forged, "");
    const Groups wanted = Groups::by_key({"here", "there", "there", "here"});
    check_groups(exchange, *node, wanted);
    expect(node->machines() == wanted, "hosts that do not share a kernel are on one machine");
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("a process that may not open local sockets is a host of its own") {
  const int poor = GENERATE(0, 1, 2);
  CAPTURE(poor);
  Processes processes(3, [=](Exchange& exchange) {
    if (exchange.rank() == poor) forbid(SYS_socket, 0, AF_UNIX);
    const auto node = join_on(exchange, "");
    std::vector<std::string> keys(3, "here");
    keys[static_cast<size_t>(poor)] = "apart";
    check_groups(exchange, *node, Groups::by_key(keys));
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("a process with several ranks that may not open local sockets is one host") {
  const Shared<ExchangeMemory> memory;
  Processes processes(2, [&](Exchange& exchange) {
    const int first = exchange.rank() * 2;
    if (exchange.rank() == 1) forbid(SYS_socket, 0, AF_UNIX);
    const auto nodes = join_threads(*memory, first, 2, 4);
    expect(nodes[0]->groups() == Groups::by_key({"a", "a", "b", "b"}), "the groups are others");
    nodes[0]->arena(first).front() = mark_of(first);
    expect(nodes[1]->arena(first).front() == mark_of(first), "ranks of one process share nothing");
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("two processes that cannot reach the leader try each other") {
  // A copy of a virtual machine has the boot id of the original. Here: others cannot find the name that rank 0 invites
  // to, for they read another.
  Processes processes(4, [](Exchange& exchange) {
    class Misled final : public Exchange {
     public:
      explicit Misled(Exchange& exchange) : exchange_(exchange) {}
      int rank() const override { return exchange_.rank(); }
      int size() const override { return exchange_.size(); }
      const std::string& secret() const override { return exchange_.secret(); }
      Result<std::vector<std::string>> all_gather(const std::string& mine, Deadline deadline) override {
        auto all = BCCL_TRY(exchange_.all_gather(mine, deadline));
        const size_t at = all[0].find("bccl-");
        if (rank() >= 2 && at != std::string::npos) all[0].replace(at, 5, "lost-");
        return all;
      }

     private:
      Exchange& exchange_;
    };
    Misled misled(exchange);
    const auto node = join_on(misled, "");
    check_groups(exchange, *node, Groups::by_key({"original", "original", "copy", "copy"}));
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("a process that may not map shared memory at all fails with the reason") {
  Processes processes(2, [](Exchange& exchange) {
    if (exchange.rank() == 1) forbid(SYS_mmap, 3, MAP_SHARED);
    const auto node = Node::join(exchange, small_arenas, patience());
    expect(!node.ok() && node.code() == Code::system_error, node.sentence());
    for (const char* part : {"rank 1 (host", "security profile"})
      expect(node.sentence().find(part) != std::string::npos, node.sentence());
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("after leaving nodes of several hosts, no descriptor and no mapping is left") {
  Processes processes(4, [](Exchange& exchange) {
    const int before = open_descriptors();
    for (int round = 0; round < 3; ++round) join_on(exchange, exchange.rank() % 2 == 0 ? "a" : "b");
    expect(open_descriptors() == before, "descriptors are left");
    expect(node_mappings() == 0, "a mapping is left");
  });
  CHECK(processes.ends() == "");
}
