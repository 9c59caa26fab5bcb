#include "plan/wiring.h"

#include <catch2/catch.hpp>

#include "sample_plans.h"

namespace bccl::test {
namespace {

constexpr std::string_view two_messages = R"(plan all_reduce two ranks 2 rank 0 labels 2
source 0 1
target 0 1
channel 0
  0: source[0] -> send 1
  1: source[1] -> send 1

plan all_reduce two ranks 2 rank 1 labels 2
source 0 1
target 0 1
channel 0
  0: recv 0 -> target[0]
  1: recv 0 -> target[1]
)";

std::string fault(std::string_view was, std::string_view is) {
  const std::vector<Plan> plans = plans_of(changed(two_messages, was, is));
  const Result<Wiring> wiring = Wiring::make(plans);
  return wiring.ok() ? "no fault" : wiring.sentence();
}

}  // namespace

TEST_CASE("messages of one connection match in the order of sending") {
  const std::vector<Plan> plans = plans_of(two_messages);
  const Wiring wiring = Wiring::make(plans).value();
  REQUIRE(wiring.messages() == 2);
  CHECK(wiring.message(0).receiver == 2);
  CHECK(wiring.message(1).receiver == 3);
  CHECK(wiring.message(0).next == 1);
  CHECK(wiring.message(1).previous == 0);
  CHECK(wiring.name(3) == "rank 1, channel 0, step 1");
}

TEST_CASE("messages of different channels do not match") {
  CHECK(fault("  1: source[1] -> send 1", "channel 1\n  0: source[1] -> send 1") ==
        "rank 1, channel 0, step 1: receives target chunk 1 from rank 0, which sends no more than earlier "
        "steps "
        "receive on that channel");
}

TEST_CASE("a receive without a send is a fault of the receiver") {
  CHECK(
      fault("  0: source[0] -> send 1\n  1: source[1] -> send 1\n", "") ==
      "rank 1, channel 0, step 0: receives target chunk 0 from rank 0, which sends nothing on that channel");
}

TEST_CASE("a send without a receive is a fault of the sender") {
  CHECK(fault("  1: recv 0 -> target[1]\n", "") ==
        "rank 0, channel 0, step 1: sends source chunk 1 to rank 1, which has no step that receives it");
}

TEST_CASE("a message must have the labels that its receiver expects") {
  CHECK(fault("0: source[0] -> send 1\n  1: source[1]", "0: source[1] -> send 1\n  1: source[0]") ==
        "rank 1, channel 0, step 0: receives target chunk 0, but rank 0, channel 0, step 0 sends it source "
        "chunk 1, "
        "with other labels");
}

TEST_CASE("ranks without steps have none") {
  std::vector<Plan> plans = plans_of(two_messages);
  plans[0].channels.clear();
  plans[1].channels = {{}, {}};
  const Wiring wiring = Wiring::make(plans).value();
  CHECK(wiring.steps() == 0);
  CHECK(wiring.channels() == 2);
  CHECK(wiring.first_step(0) == wiring.end_step(0));
}

}  // namespace bccl::test
