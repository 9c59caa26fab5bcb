// Random programs of calls in streams, in groups and inline, on several communicators: whatever the streams and the
// timing, each rank's calls on a communicator take effect in their order, and every result is right.
#include <array>
#include <deque>
#include <random>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "../support/rank_threads.h"
#include "../support/sanitized.h"
#include "clique.h"

namespace bccl::test {
namespace {

constexpr int ranks = 3;
constexpr size_t communicators = 2;
constexpr size_t streams = 3;

enum class Kind : uint8_t { sum, gather_by_counts, ring, barrier };

/// What all ranks do: a call on one communicator, or a group of one on each.
struct Op {
  Kind kind;
  bool grouped;
  size_t communicator;
  size_t count;
};

using Numbers = std::vector<int32_t>;

int32_t contribution(size_t op, int rank) { return int32_t(op * 10 + size_t(rank) + 1); }

std::vector<Op> random_program(std::mt19937& random, size_t length) {
  std::vector<Op> program;
  for (size_t i = 0; i < length; ++i) {
    const auto kind = Kind(random() % 4);
    const size_t count = random() % 10 == 0 ? random() % 50'000 : random() % 40;
    program.push_back({kind, random() % 4 == 0, random() % communicators, count});
  }
  return program;
}

/// One rank's way through the program: in which streams, and when it waits, is its own affair.
class Actor {
 public:
  Actor(int rank, std::array<bcclComm_t, communicators> comms, unsigned seed) : rank_(rank), comms_(comms), random_(seed) {
    for (bcclStream_t& stream : streams_) note(bcclStreamCreate(&stream));
    note(bcclEventCreate(&event_));
  }
  ~Actor() {
    for (const bcclStream_t stream : streams_) bcclStreamDestroy(stream);
    bcclEventDestroy(event_);
  }

  /// Empty, or what went wrong.
  std::string act(const std::vector<Op>& program) {
    for (size_t i = 0; i < program.size(); ++i) {
      const Op& op = program[i];
      if (op.grouped) bcclGroupStart();
      for (size_t at = 0; at < communicators; ++at)
        if (op.grouped || at == op.communicator) call(op, i, comms_[at]);
      if (op.grouped) note(bcclGroupEnd());
      wander();
    }
    for (const bcclStream_t stream : streams_) note(bcclStreamSynchronize(stream));
    for (size_t i = 0; i < outcomes_.size(); ++i)
      if (outcomes_[i].received != outcomes_[i].expected) trouble_ += fmt::format("result {} is wrong; ", i);
    return trouble_;
  }

 private:
  struct Outcome {
    Numbers sent;
    Numbers received;
    Numbers expected;
  };

  void call(const Op& op, size_t number, bcclComm_t comm) {
    Outcome& made = outcomes_.emplace_back();
    made.sent.assign(op.count, contribution(number, rank_));
    switch (op.kind) {
      case Kind::sum: return sum(made, number, comm);
      case Kind::gather_by_counts: return gather_by_counts(made, number, comm);
      case Kind::ring: return ring(made, number, comm);
      case Kind::barrier: return note(bcclBarrier(comm, any_stream()));
    }
  }

  void sum(Outcome& made, size_t number, bcclComm_t comm) {
    const size_t count = made.sent.size();
    int32_t total = 0;
    for (int rank = 0; rank < ranks; ++rank) total += contribution(number, rank);
    made.received.resize(count);
    made.expected.assign(count, total);
    note(bcclAllReduce(made.sent.data(), made.received.data(), count, bcclInt32, bcclSum, comm, any_stream()));
  }

  /// The array of counts ends with the call.
  void gather_by_counts(Outcome& made, size_t number, bcclComm_t comm) {
    const size_t count = made.sent.size();
    std::array<size_t, ranks> counts;
    for (int rank = 0; rank < ranks; ++rank) {
      counts[size_t(rank)] = count + size_t(rank);
      made.expected.insert(made.expected.end(), counts[size_t(rank)], contribution(number, rank));
    }
    made.sent.resize(counts[size_t(rank_)], contribution(number, rank_));
    made.received.resize(made.expected.size());
    note(bcclAllGatherV(made.sent.data(), made.sent.size(), made.received.data(), counts.data(), nullptr, bcclInt32, comm,
                        any_stream()));
    counts.fill(1'000'000);
  }

  void ring(Outcome& made, size_t number, bcclComm_t comm) {
    const size_t count = made.sent.size();
    const int from = (rank_ + ranks - 1) % ranks;
    made.received.resize(count);
    made.expected.assign(count, contribution(number, from));
    bcclGroupStart();
    note(bcclSend(made.sent.data(), count, bcclInt32, (rank_ + 1) % ranks, comm, any_stream()));
    note(bcclRecv(made.received.data(), count, bcclInt32, from, comm, any_stream()));
    note(bcclGroupEnd());
  }

  /// Does what bears on order and on who runs a stream, and on nothing else.
  void wander() {
    switch (random_() % 8) {
      case 0: note(bcclStreamSynchronize(any_stream())); break;
      case 1: note(bcclEventRecord(event_, any_stream())); break;
      case 2: note(bcclStreamWaitEvent(any_stream(), event_)); break;
      case 3: note(bcclEventSynchronize(event_)); break;
      case 4: note(bcclStreamLaunch(any_stream(), [](void*) {}, nullptr)); break;
      case 5: bcclStreamQuery(any_stream()); break;
      default: break;
    }
  }

  bcclStream_t any_stream() {
    const size_t at = random_() % (8 * streams);  // now and then none
    return at == 0 ? nullptr : streams_[at % streams];
  }

  void note(bcclResult_t result) {
    if (result != bcclSuccess) trouble_ += last_error() + "; ";
  }

  int rank_;
  std::array<bcclComm_t, communicators> comms_;
  std::mt19937 random_;
  std::array<bcclStream_t, streams> streams_{};
  bcclEvent_t event_ = nullptr;
  std::deque<Outcome> outcomes_;
  std::string trouble_;
};

TEST_CASE("Random programs of calls in streams, groups and inline give right results") {
  const int rounds = sanitized ? 2 : 5;
  const size_t length = sanitized ? 60 : 100;
  const unsigned seed = Catch::rngSeed();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  Clique first(ranks);
  Clique second(ranks);
  for (int round = 0; round < rounds; ++round) {
    const std::vector<Op> program = random_program(random, length);
    const unsigned actor_seed = random();
    std::vector<std::string> troubles(ranks);
    on_ranks(ranks, [&](int rank) {
      troubles[size_t(rank)] = Actor(rank, {first[rank], second[rank]}, actor_seed + unsigned(rank)).act(program);
    });
    for (const std::string& trouble : troubles) CHECK(trouble.empty());
  }
}

}  // namespace
}  // namespace bccl::test
