#include <catch2/catch.hpp>
#include <sys/resource.h>

#include "node/meeting.h"
#include "node/packet.h"
#include "nodes.h"

using namespace bccl;
using namespace bccl::test;

namespace {

void expect_refusal(Exchange& exchange, Code code, const std::vector<std::string>& parts) {
  const Result<std::unique_ptr<Node>> node = Node::join(exchange, small_arenas, patience());
  expect(!node.ok(), "joined nevertheless");
  expect(node.code() == code, "another code: " + node.sentence());
  for (const std::string& part : parts)
    expect(node.sentence().find(part) != std::string::npos, part + " is not in: " + node.sentence());
}

/// No more than `more` descriptors beyond those that are open.
void limit_descriptors(int more) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const FileDescriptor next{dup(0)};
  limit.rlim_cur = static_cast<rlim_t>(next.get() + more);
  expect(setrlimit(RLIMIT_NOFILE, &limit) == 0, "cannot lower the limit");
}

}  // namespace

TEST_CASE(
    "with few descriptors for rank 0 all ranks join or are told so at once, and none waits for the "
    "deadline") {
  const int spare = GENERATE(range(2, 20));
  CAPTURE(spare);
  Processes processes(4, [=](Exchange& exchange) {
    if (exchange.rank() == 0) limit_descriptors(spare);
    const int64_t start = now_ns();
    const Result<std::unique_ptr<Node>> node = Node::join(exchange, small_arenas, patience());
    expect(now_ns() - start < patience_ms / 2 * 1'000'000, "waited for the deadline: " + node.sentence());
    expect(node.ok() || node.sentence().find("ulimit -n") != std::string::npos, node.sentence());
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("a rank that has no descriptors left fails all ranks at once, naming itself and the limit") {
  // From none at all (cannot even open a socket) to almost enough (cannot take the last doorbells).
  const int spare = GENERATE(0, 1, 2, 5);
  const int poor = GENERATE(0, 1, 2);
  CAPTURE(spare, poor);
  Processes processes(4, [=](Exchange& exchange) {
    if (exchange.rank() == poor) limit_descriptors(spare);
    const int64_t start = now_ns();
    expect_refusal(exchange, Code::system_error, {fmt::format("rank {} (host", poor), "ulimit -n"});
    expect(now_ns() - start < patience_ms / 2 * 1'000'000, "waited for the deadline");
    if (exchange.rank() != poor) expect(node_mappings() == 0, "a mapping is left");
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("a limit on the size of files is named rather than run into") {
  Processes processes(2, [](Exchange& exchange) {
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 4096;
    expect(setrlimit(RLIMIT_FSIZE, &limit) == 0, "cannot lower the limit");
    expect_refusal(exchange, Code::system_error, {"rank 0 (host", "ulimit -f"});
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("a rank that cannot map the memory fails all ranks") {
  Processes processes(2, [](Exchange& exchange) {
    constexpr size_t beyond_address_space = size_t{1} << 47;
    const auto node = Node::join(exchange, [](int) { return beyond_address_space; }, patience());
    expect(!node.ok() && node.code() == Code::system_error, "joined nevertheless");
    expect(node.sentence().find("shared memory") != std::string::npos, node.sentence());
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("a process that dies while joining is named when the deadline has passed") {
  const Shared<Milestone> gone;
  Processes processes(3, [&](Exchange& exchange) {
    if (exchange.rank() == 2) {
      come_to_meeting(exchange);  // and is not seen again
      return;
    }
    const auto node = Node::join(exchange, small_arenas, Deadline::after_ms(200));
    expect(!node.ok() && node.code() == Code::timeout, node.sentence());
    if (exchange.rank() == 0)
      expect(node.sentence().find("rank 2 (host") != std::string::npos, node.sentence());
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("ranks that do not know the job's secret are not let in") {
  class Stranger final : public Exchange {
   public:
    explicit Stranger(Exchange& exchange) : exchange_(exchange) {}
    int rank() const override { return exchange_.rank(); }
    int size() const override { return exchange_.size(); }
    const std::string& secret() const override { return secret_; }
    Result<std::vector<std::string>> all_gather(const std::string& mine, Deadline deadline) override {
      return exchange_.all_gather(mine, deadline);
    }

   private:
    Exchange& exchange_;
    const std::string secret_ = "another secret of thirty-two bytes";
  };
  Processes processes(2, [](Exchange& exchange) {
    Stranger stranger(exchange);
    Exchange& mine = exchange.rank() == 1 ? static_cast<Exchange&>(stranger) : exchange;
    const auto node = Node::join(mine, small_arenas, Deadline::after_ms(2000));
    expect(!node.ok(), "joined nevertheless");
    if (exchange.rank() == 1) expect(node.sentence().find("secret") != std::string::npos, node.sentence());
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("a rank that publishes a failure of no known code fails all ranks with one that there is") {
  Processes processes(2, [](Exchange& exchange) {
    MemberFacts facts = local_facts(true, {});
    if (exchange.rank() == 1) facts.failure_code = 77;
    const Result<Members> members = Members::gather(exchange, facts, patience());
    expect(!members.ok() && members.code() == Code::remote_error, "another code: " + members.sentence());
    expect(members.sentence().find("rank 1 (host") != std::string::npos, members.sentence());
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("a rank that confirms with no known code fails all ranks with one that there is") {
  class Garbled final : public Exchange {
   public:
    explicit Garbled(Exchange& exchange) : exchange_(exchange) {}
    int rank() const override { return exchange_.rank(); }
    int size() const override { return exchange_.size(); }
    const std::string& secret() const override { return exchange_.secret(); }
    Result<std::vector<std::string>> all_gather(const std::string& mine, Deadline deadline) override {
      const bool confirms = mine.size() == 1;
      return exchange_.all_gather(confirms && rank() == 1 ? "\xfe" : mine, deadline);
    }

   private:
    Exchange& exchange_;
  };
  Processes processes(2, [](Exchange& exchange) {
    Garbled garbled(exchange);
    expect_refusal(garbled, Code::remote_error, {"rank 1 (host"});
  });
  CHECK(processes.ends() == "");
}
