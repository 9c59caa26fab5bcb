/// Anyone on the host may connect to the socket that ranks meet at.
#include <catch2/catch.hpp>

#include "node/meeting.h"
#include "node/packet.h"
#include "nodes.h"

using namespace bccl;
using namespace bccl::test;

namespace {

/// Learns the name of the meeting from the facts, as a stranger does from /proc/net/unix, and lets others act
/// on it before any rank goes on.
class Betrayer final : public Exchange {
 public:
  using Act = std::function<void(const std::string& meeting)>;
  Betrayer(Exchange& exchange, Act act) : exchange_(exchange), act_(std::move(act)) {}
  int rank() const override { return exchange_.rank(); }
  int size() const override { return exchange_.size(); }
  const std::string& secret() const override { return exchange_.secret(); }
  Result<std::vector<std::string>> all_gather(const std::string& mine, Deadline deadline) override {
    auto all = BCCL_TRY(exchange_.all_gather(mine, deadline));
    const size_t at = all[0].find("bccl-");  // where rank 0 invites
    if (at != std::string::npos) {
      if (rank() == 0) act_(all[0].substr(at, std::string(all[0].c_str() + at).size()));
      BCCL_TRY(exchange_.all_gather("acted", deadline));
    }
    return all;
  }

 private:
  Exchange& exchange_;
  const Act act_;
};

FileDescriptor call_at(const std::string& meeting) {
  Result<FileDescriptor> socket = open_local_socket();
  expect(socket.ok(), socket.sentence());
  const Status connected = connect_locally(socket->get(), meeting, patience());
  expect(connected.ok(), connected.sentence());
  return std::move(socket).value();
}

/// Joins four ranks while `act` happens; all must succeed, far from the deadline.
std::string join_despite(const Betrayer::Act& act) {
  Processes processes(4, [&](Exchange& exchange) {
    Betrayer betrayer(exchange, act);
    const int64_t start = now_ns();
    const auto node = join(betrayer);
    expect(now_ns() - start < patience_ms / 2 * 1'000'000, "strangers delayed the ranks");
    expect(node->presence((node->rank() + 1) % 4) == Presence::present, "a rank is missing");
    expect(exchange.all_gather("looked", patience()).ok(), "a rank is missing");
  });
  return processes.ends();
}

}  // namespace

TEST_CASE("silent strangers do not disturb the joining") {
  std::vector<FileDescriptor> callers;
  CHECK(join_despite([&](const std::string& meeting) {
          for (int i = 0; i < 10; ++i) callers.push_back(call_at(meeting));
        }) == "");
}

TEST_CASE("a flood of silent strangers does not keep the ranks out") {
  std::vector<FileDescriptor> callers;
  CHECK(join_despite([&](const std::string& meeting) {
          for (size_t i = 0; i < 5 * strangers_max; ++i) callers.push_back(call_at(meeting));
        }) == "");
}

TEST_CASE("strangers that send garbage do not disturb the joining") {
  std::vector<FileDescriptor> callers;
  CHECK(join_despite([&](const std::string& meeting) {
          for (const size_t bytes : {size_t{1}, sizeof(Greeting), size_t{100'000}}) {
            callers.push_back(call_at(meeting));
            const std::string garbage(bytes, 'x');
            expect(send_packet(callers.back().get(), garbage, {}, patience()).ok(), "cannot send garbage");
          }
        }) == "");
}

TEST_CASE("a stranger that claims to be a rank but cannot prove it does not disturb the joining") {
  std::vector<FileDescriptor> callers;
  CHECK(join_despite([&](const std::string& meeting) {
          const Greeting greeting{greeting_magic, 2, random_nonce()};
          const Answer answer{random_nonce()};
          const int attached[] = {0, 1, 2};
          callers.push_back(call_at(meeting));
          expect(send_packet(callers.back().get(), bytes_of_struct(greeting), {}, patience()).ok(),
                 "cannot greet");
          expect(send_packet(callers.back().get(), bytes_of_struct(answer), attached, patience()).ok(),
                 "cannot lie");
        }) == "");
}

TEST_CASE("a stranger that hangs up does not disturb the joining") {
  CHECK(join_despite([](const std::string& meeting) {
          for (int i = 0; i < 10; ++i) call_at(meeting);
        }) == "");
}

TEST_CASE("strangers that call without end do not put off the deadline") {
  Processes processes(2, [](Exchange& exchange) {
    if (exchange.rank() == 1) {
      const std::string meeting = come_to_meeting(exchange);  // and then only call, until nobody is there any more
      const Deadline end = Deadline::after_ms(patience_ms / 2);
      on_ranks(4, [&](int) {
        bool answered = true;
        while (answered && !end.passed()) {
          const Result<FileDescriptor> socket = open_local_socket();
          answered = socket.ok() && connect_locally(socket.value().get(), meeting, end).ok();
        }
      });
      return;
    }
    const int64_t start = now_ns();
    const auto node = Node::join(exchange, small_arenas, Deadline::after_ms(200));
    expect(!node.ok() && node.code() == Code::timeout, node.sentence());
    expect(node.sentence().find("rank 1 (host") != std::string::npos, node.sentence());
    expect(now_ns() - start < patience_ms / 4 * 1'000'000, "strangers put off the deadline");
  });
  CHECK(processes.ends() == "");
}
