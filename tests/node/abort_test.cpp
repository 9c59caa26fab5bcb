#include <catch2/catch.hpp>

#include "nodes.h"

using namespace bccl;
using namespace bccl::test;

namespace {

std::string sentence_of(int rank, int round) {
  return fmt::format("rank {} found this in round {}", rank, round);
}

}  // namespace

TEST_CASE("a posted error is read by every rank as it was posted") {
  Processes processes(3, [](Exchange& exchange) {
    const auto node = join(exchange);
    expect(node->abort_word() == 0, "an error is posted on a new node");
    expect(exchange.all_gather("looked", patience()).ok(), "a rank is missing");
    if (node->rank() == 1) node->post_abort(Code::timeout, 1, "rank 1: rank 2 is late");
    expect(holds_within_ms(patience_ms, [&] { return node->abort_word() != 0; }), "the error has not come");
    expect(node->posted().code == Code::timeout && node->posted().sentence == "rank 1: rank 2 is late",
           node->posted().sentence);
    expect(node->posted_from() == 1, "another rank is said to have posted it");
    expect(exchange.all_gather("read", patience()).ok(), "a rank is missing");
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("of many ranks that post at once exactly one is read by all") {
  constexpr int ranks = 6;
  constexpr int rounds = 50;
  Processes processes(ranks, [](Exchange& exchange) {
    for (int round = 0; round < rounds; ++round) {
      const auto node = join(exchange);
      node->post_abort(Code::remote_error, node->rank(), sentence_of(node->rank(), round));
      expect(node->abort_word() != 0, "nothing is posted after posting");
      const auto read = exchange.all_gather(node->posted().sentence, patience());
      expect(read.ok(), "a rank is missing");
      for (const std::string& theirs : read.value())
        expect(theirs == node->posted().sentence, "ranks read different errors");
      expect(node->posted().sentence == sentence_of(node->posted_from(), round), node->posted().sentence);
      expect(exchange.all_gather("compared", patience()).ok(), "a rank is missing");
    }
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("of many threads of one rank that post at once exactly one is read") {
  for (int round = 0; round < 50; ++round) {
    const auto nodes = join_threads(2);
    std::vector<std::string> read(8);
    on_ranks(8, [&](int thread) {
      Node& node = *nodes[static_cast<size_t>(thread % 2)];
      node.post_abort(Code::remote_error, thread, sentence_of(thread, round));
      read[static_cast<size_t>(thread)] = node.posted().sentence;
    });
    const int winner = nodes[0]->posted_from();
    for (const std::string& theirs : read) REQUIRE(theirs == sentence_of(winner, round));
  }
}

TEST_CASE("an error posted later does not replace the first") {
  const auto nodes = join_threads(2);
  nodes[0]->post_abort(Code::timeout, 0, "first");
  nodes[1]->post_abort(Code::remote_error, 1, "second");
  nodes[0]->post_abort(Code::remote_error, 0, "third");
  CHECK(nodes[1]->posted().sentence == "first");
}

TEST_CASE("a sentence is kept up to its limit and cut between characters past it") {
  const auto nodes = join_threads(3);
  const std::string fits(abort_sentence_max, 'a');
  nodes[0]->post_abort(Code::timeout, 0, fits);
  CHECK(nodes[1]->posted().sentence == fits);

  const auto others = join_threads(1);
  const std::string character = "é";
  const std::string prefix(abort_sentence_max - 1, 'a');
  others[0]->post_abort(Code::timeout, 0, prefix + character);
  CHECK(others[0]->posted().sentence == prefix);
}

TEST_CASE("a rank killed while others post takes no error with it") {
  // Its record would be on its own board, so that nobody depends on it.
  const Shared<Milestone> joined;
  const Shared<Milestone> killed;
  Processes processes(2, [&](Exchange& exchange) {
    const auto node = join(exchange);
    joined->reach();
    if (node->rank() == 0)
      for (;;) pause();
    killed->await(1);
    node->post_abort(Code::remote_error, 1, "rank 0 is dead");
    expect(node->posted().sentence == "rank 0 is dead", node->posted().sentence);
  });
  joined->await(2);
  processes.signal(0, SIGKILL);
  processes.end_of(0);
  killed->reach();
  CHECK(processes.end_of(1) == "");
}
