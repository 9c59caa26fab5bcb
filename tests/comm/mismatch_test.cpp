// Calls that differ between ranks are found out, and every rank is told who called what.
#include <optional>

#include <catch2/catch.hpp>

#include "base/clock.h"
#include "comm/agreement.h"
#include "team.h"

namespace bccl::test {
namespace {

constexpr int64_t detection_ms = 1000;
constexpr int64_t tolerated_ms = 3000;  ///< On a loaded machine.

Call call_of(void* buffer, size_t count, DataType type = DataType::float32, ReduceOp op = ReduceOp::sum) {
  return {.collective = Collective::all_reduce,
          .source = buffer,
          .target = buffer,
          .count = count,
          .type = type,
          .reduction = {.op = op}};
}

/// The error by which a rank learns: of its call, of the state it asks for then, or of its next call.
Status told(Communicator& communicator, const Call& call) {
  BCCL_TRY(communicator.run(call));
  const Deadline deadline = Deadline::after_ms(2 * tolerated_ms);
  while (!deadline.passed()) BCCL_TRY(communicator.async_error());
  return {};
}

struct Difference {
  Call usual;
  Call odd;
  std::vector<std::string> words;  ///< Of every rank's sentence.
};

/// Every rank's sentence names what differs and the odd rank.
void check_sentences(const Outcomes& outcomes, int odd_rank, const Difference& difference) {
  for (size_t rank = 0; rank < outcomes.size(); ++rank) {
    const Status& outcome = outcomes[rank];
    INFO("rank " << rank << ": " << outcome.sentence());
    CHECK(outcome.code() == Code::invalid_usage);
    CHECK_THAT(outcome.sentence(), Catch::Contains(fmt::format("rank {}", odd_rank)));
    for (const std::string& word : difference.words) CHECK_THAT(outcome.sentence(), Catch::Contains(word));
  }
}

/// `odd_rank` makes the odd call, all others the usual one. Then, if there is a next one, all make that.
void check_told_in(Team& team, int odd_rank, const Difference& difference, std::optional<Call> next = {}) {
  std::vector<std::vector<std::byte>> buffers(size_t(team.ranks()), std::vector<std::byte>(1 << 20));
  const int64_t start = now_ns();
  const Outcomes outcomes = team.each([&](Communicator& communicator) -> Status {
    void* const buffer = buffers[size_t(communicator.rank())].data();
    const auto on_buffer = [&](Call call) {
      call.source = call.target = buffer;
      return call;
    };
    const Call call = on_buffer(communicator.rank() == odd_rank ? difference.odd : difference.usual);
    if (!next) return told(communicator, call);
    BCCL_TRY(communicator.run(call));
    return told(communicator, on_buffer(*next));
  });
  const int64_t ms = (now_ns() - start) / 1'000'000;
  if (ms > detection_ms) WARN("detection took " << ms << " ms, not " << detection_ms);
  CHECK(ms < tolerated_ms);
  check_sentences(outcomes, odd_rank, difference);
}

void check_told(const std::string& algorithm, int ranks, int odd_rank, const Difference& difference) {
  INFO("algorithm '" << algorithm << "', " << ranks << " ranks, rank " << odd_rank << " differs");
  Team team(ranks, test_settings(algorithm));
  check_told_in(team, odd_rank, difference);
}

void check_told_by_all_algorithms(const Difference& difference) {
  for (const std::string algorithm :
       {"", "ring", "double_binary_tree", "halving_doubling", "one_shot", "direct", "hierarchical"}) {
    check_told(algorithm, 2, 0, difference);
    check_told(algorithm, 4, 3, difference);
  }
  check_told("", 5, 2, difference);
}

TEST_CASE("Another count is named on every rank") {
  check_told_by_all_algorithms({call_of(nullptr, 1000), call_of(nullptr, 1001), {"1000", "1001"}});
}

TEST_CASE("A count so different that another algorithm or number of slices follows is named on every rank") {
  check_told_by_all_algorithms(
      {call_of(nullptr, 2), call_of(nullptr, 250'000), {"count 2,", "count 250000,"}});
  check_told_by_all_algorithms({call_of(nullptr, 250'000), call_of(nullptr, 100'000), {"250000", "100000"}});
}

TEST_CASE("Another type is named on every rank, also one of the same size") {
  check_told_by_all_algorithms(
      {call_of(nullptr, 64, DataType::float32), call_of(nullptr, 64, DataType::int32), {"float32", "int32"}});
  check_told_by_all_algorithms({call_of(nullptr, 64, DataType::float64),
                                call_of(nullptr, 64, DataType::float16),
                                {"float64", "float16"}});
}

TEST_CASE("Another operation is named on every rank") {
  check_told_by_all_algorithms({call_of(nullptr, 64, DataType::int8, ReduceOp::sum),
                                call_of(nullptr, 64, DataType::int8, ReduceOp::max),
                                {"sum", "max"}});
  check_told_by_all_algorithms({call_of(nullptr, 64, DataType::float32, ReduceOp::sum),
                                call_of(nullptr, 64, DataType::float32, ReduceOp::premul_sum),
                                {"op sum", "op premul_sum"}});
}

/// A rank that sends, and one that gets what it wants, wait for nobody: they learn of it in the next call.
TEST_CASE("Another root is named on every rank, by the next call at the latest") {
  for (const Collective collective :
       {Collective::broadcast, Collective::reduce, Collective::gather, Collective::scatter})
    for (const size_t count : {size_t{1}, size_t{1000}, size_t{50'000}})
      for (const int odd_rank : {0, 2, 3}) {
        INFO(name_of(collective) << " of " << count << ", rank " << odd_rank << " differs");
        Call usual = call_of(nullptr, count), odd = usual;
        usual.collective = odd.collective = collective;
        odd.root = 2;
        Team team(4);
        check_told_in(team, odd_rank, {usual, odd, {"root 0", "root 2"}}, call_of(nullptr, 10));
      }
}

TEST_CASE("Another collective is named on every rank") {
  const auto by = [](Collective collective) {
    Call call = call_of(nullptr, 1000);
    call.collective = collective;
    return call;
  };
  const Call usual = by(Collective::all_reduce);
  for (const Collective collective : {Collective::reduce_scatter, Collective::all_gather,
                                      Collective::broadcast, Collective::all_to_all, Collective::barrier})
    for (const int odd_rank : {0, 3})
      check_told(
          "", 4, odd_rank,
          {usual, by(collective), {"all_reduce number 1", fmt::format("{} number 1", name_of(collective))}});
}

TEST_CASE("Other weights, or other counts that all ranks know, are named on every rank") {
  const uint32_t weights[] = {1, 1, 1, 1}, other_weights[] = {1, 2, 1, 1};
  Call usual = call_of(nullptr, 1000), odd = usual;
  usual.weights = weights;
  odd.weights = other_weights;
  check_told("", 4, 1, {usual, odd, {"with other counts or weights"}});
  const size_t counts[] = {100, 100, 100, 100}, other_counts[] = {100, 100, 100, 101};
  usual = odd = call_of(nullptr, 0);
  usual.collective = odd.collective = Collective::all_gather;
  usual.variable = odd.variable = true;
  usual.source_blocks.counts = odd.source_blocks.counts = counts;
  usual.target_blocks.counts = counts;
  odd.target_blocks.counts = other_counts;
  check_told("", 4, 2, {usual, odd, {"with other counts or weights"}});
}

TEST_CASE("A rank that calls the same by another plan is named on every rank") {
  std::vector<Settings> settings(4, test_settings("direct"));
  settings[2].algorithm = "ring";
  const std::string honest = statement(settings[2], BCCL_LIBRARY_VERSION);
  const std::string said = statement(settings[0], BCCL_LIBRARY_VERSION);
  const Edit pretend = [&](int, const std::string& blob) { return blob == honest ? said : blob; };
  for (const size_t count : {size_t{1}, size_t{1000}, size_t{200'000}}) {
    Team team(settings, {}, pretend);
    check_told_in(team, 2, {call_of(nullptr, count), call_of(nullptr, count), {"by another algorithm"}});
  }
}

TEST_CASE("No elements on one rank and some on others is named on every rank") {
  check_told_by_all_algorithms({call_of(nullptr, 64), call_of(nullptr, 0), {"count 64,", "count 0,"}});
  check_told_by_all_algorithms({call_of(nullptr, 0), call_of(nullptr, 64), {"count 64,", "count 0,"}});
}

TEST_CASE("Two calls in another order are named on every rank") {
  Team team(3);
  std::vector<std::vector<std::byte>> buffers(3, std::vector<std::byte>(1 << 16));
  const Outcomes outcomes = team.each([&](Communicator& communicator) -> Status {
    void* buffer = buffers[size_t(communicator.rank())].data();
    for (int i = 0; i < 5; ++i) BCCL_TRY(communicator.run(call_of(buffer, 100)));
    const bool odd = communicator.rank() == 1;
    BCCL_TRY(communicator.run(call_of(buffer, odd ? 4000 : 30)));
    return told(communicator, call_of(buffer, odd ? 30 : 4000));
  });
  for (const Status& outcome : outcomes) {
    CHECK(outcome.code() == Code::invalid_usage);
    for (const std::string word : {"number 6", "4000", "30", "rank 1"})
      CHECK_THAT(outcome.sentence(), Catch::Contains(word));
  }
}

TEST_CASE("After a mismatch the communicator is broken: later calls give the same error at once") {
  Team team(2);
  float numbers[2] = {};
  const Outcomes first =
      team.each([&](Communicator& c) { return told(c, call_of(&numbers[c.rank()], size_t(c.rank()))); });
  const Outcomes second = team.each([&](Communicator& c) { return c.run(call_of(&numbers[c.rank()], 1)); });
  for (size_t rank = 0; rank < 2; ++rank) {
    CHECK(first[rank].code() == Code::invalid_usage);
    CHECK(second[rank].code() == Code::invalid_usage);
    CHECK(second[rank].sentence() == first[rank].sentence());
  }
}

TEST_CASE("Equal calls with different scalars of a premultiplied sum are no mismatch") {
  Team team(3);
  std::vector<double> numbers(3, 1.0);
  const Outcomes outcomes = team.each([&](Communicator& communicator) {
    Call call = call_of(&numbers[size_t(communicator.rank())], 1, DataType::float64, ReduceOp::premul_sum);
    call.reduction.scale = communicator.rank() + 1.0;
    return communicator.run(call);
  });
  CHECK(troubles(outcomes).empty());
  CHECK(numbers == std::vector<double>(3, 6.0));
}

}  // namespace
}  // namespace bccl::test
