// All-reduce as a whole, over shared memory: every type, operation, algorithm and many counts, to the last
// bit.
#include <cstring>

#include <catch2/catch.hpp>

#include "../support/sanitized.h"
#include "algos/catalogue.h"
#include "reduction_data.h"
#include "team.h"

namespace bccl::test {
namespace {

constexpr size_t guard_bytes = 64;
constexpr std::byte guard{0xA5};

/// A buffer between guards, at any element's alignment.
class GuardedBuffer {
 public:
  GuardedBuffer(size_t bytes, size_t offset)
      : memory_(bytes + offset + 2 * guard_bytes + alignment, guard), bytes_(bytes) {
    const auto base = reinterpret_cast<uintptr_t>(memory_.data());
    begin_ = (alignment - base % alignment) % alignment + guard_bytes + offset;
  }
  std::byte* data() { return memory_.data() + begin_; }
  bool guards_intact() const {
    const auto is_guard = [](std::byte byte) { return byte == guard; };
    const auto from = memory_.begin();
    return std::all_of(from, from + long(begin_), is_guard) &&
           std::all_of(from + long(begin_ + bytes_), memory_.end(), is_guard);
  }

 private:
  static constexpr size_t alignment = 64;
  std::vector<std::byte> memory_;
  size_t bytes_;
  size_t begin_ = 0;
};

struct Sample {
  size_t count;
  bool in_place;
};

/// One call of one rank with fresh buffers; an error also where the result is wrong.
Status call_once(Communicator& communicator, const ReductionData& data, DataType type, ReduceOp op,
                 Sample sample) {
  const int rank = communicator.rank();
  const size_t bytes = sample.count * bytes_of(type);
  const size_t shift = sample.count % 3 == 0 ? 0 : bytes_of(type) * (1 + (sample.count + size_t(rank)) % 15);
  GuardedBuffer source(bytes, shift);
  GuardedBuffer target(bytes, sample.in_place ? shift : bytes_of(type) * (sample.count % 7));
  std::byte* from = sample.in_place ? target.data() : source.data();
  data.fill(rank, from, sample.count);
  BCCL_TRY(communicator.run({.collective = Collective::all_reduce,
                             .source = from,
                             .target = target.data(),
                             .count = sample.count,
                             .type = type,
                             .reduction = data.reduction(rank)}));
  const auto complain = [&](const std::string& what) {
    return fail(Code::internal_error, "rank {} of {}, {} {}, count {}, {} place: {}", rank,
                communicator.ranks(), name_of(type), name_of(op), sample.count,
                sample.in_place ? "in" : "out of", what);
  };
  if (const size_t at = data.first_wrong(target.data(), sample.count); at < sample.count)
    return complain(fmt::format("element {} is wrong", at));
  if (!target.guards_intact()) return complain("bytes around the result were written");
  if (!sample.in_place &&
      (data.first_changed(rank, from, sample.count) < sample.count || !source.guards_intact()))
    return complain("the source was written");
  return {};
}

/// Every count in and out of place; the large ones now and then.
std::vector<Sample> samples_of(int draw) {
  std::vector<Sample> samples;
  for (const size_t count : {0, 1, 2, 7, 63, 64, 65, 1000}) {
    if (sanitized && (count + size_t(draw)) % 3 != 0) continue;
    samples.push_back({count, false});
    samples.push_back({count, true});
  }
  if (!sanitized || draw % 6 == 0) samples.push_back({16387, draw % 2 == 0});
  if (draw % (sanitized ? 72 : 6) == 0) samples.push_back({300007, draw % 4 == 0});
  return samples;
}

void check_everything(const std::string& algorithm, int ranks, int draw) {
  Team team(ranks, test_settings(algorithm));
  for (int type = 0; type < data_type_count; ++type)
    for (int op = 0; op < reduce_op_count; ++op) {
      const ReductionData data(DataType(type), ReduceOp(op), ranks);
      const std::vector<Sample> samples = samples_of(draw++);
      const Outcomes outcomes = team.each([&](Communicator& communicator) -> Status {
        for (const Sample& sample : samples) {
          Status done = call_once(communicator, data, DataType(type), ReduceOp(op), sample);
          if (!done.ok()) communicator.abort("the test has failed");
          BCCL_TRY(std::move(done));
        }
        return {};
      });
      INFO(algorithm << ": " << troubles(outcomes));
      REQUIRE(troubles(outcomes).empty());
    }
}

void check_algorithm(const std::string& algorithm) {
  int draw = static_cast<int>(algorithm.size());
  for (const int ranks : {2, 3, 4, 5, 8}) check_everything(algorithm, ranks, draw++);
}

TEST_CASE("ring reduces every type, operation and count exactly") { check_algorithm("ring"); }
TEST_CASE("double_binary_tree reduces every type, operation and count exactly") {
  check_algorithm("double_binary_tree");
}
TEST_CASE("halving_doubling reduces every type, operation and count exactly") {
  check_algorithm("halving_doubling");
}
TEST_CASE("one_shot reduces every type, operation and count exactly") { check_algorithm("one_shot"); }
TEST_CASE("direct reduces every type, operation and count exactly") { check_algorithm("direct"); }
TEST_CASE("k_nomial reduces every type, operation and count exactly") { check_algorithm("k_nomial"); }
TEST_CASE("hierarchical reduces every type, operation and count exactly") { check_algorithm("hierarchical"); }
TEST_CASE("The chosen algorithm reduces every type, operation and count exactly") { check_algorithm(""); }
TEST_CASE("One rank alone gets its own contribution, scaled where the operation scales") {
  check_everything("", 1, 0);
}

TEST_CASE("This file tests every algorithm there is") {
  std::vector<std::string> tested{"ring",   "double_binary_tree", "halving_doubling", "one_shot",
                                  "direct", "k_nomial",           "hierarchical"};
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce)) {
    INFO(algorithm.name);
    CHECK(std::find(tested.begin(), tested.end(), algorithm.name) != tested.end());
  }
}

TEST_CASE("Several channels, small slices and every kind of store and wait give the exact result too") {
  for (const std::string stores : {"cached", "streaming"})
    for (const std::string wait : {"spin", "yield"})
      for (const int channels : {1, 4}) {
        Settings settings = test_settings("ring");
        settings.stores = stores;
        settings.wait = wait;
        settings.channels = channels;
        settings.slice_bytes = 1024;
        Team team(3, settings);
        const ReductionData data(DataType::bfloat16, ReduceOp::sum, 3);
        const Outcomes outcomes = team.each([&](Communicator& communicator) {
          return call_once(communicator, data, DataType::bfloat16, ReduceOp::sum, {50021, false});
        });
        INFO(stores << ", " << wait << ", " << channels << " channels: " << troubles(outcomes));
        CHECK(troubles(outcomes).empty());
      }
}

TEST_CASE("More ranks than cores by far reduce large buffers exactly, with pools as small as can be") {
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce))
    for (const int ranks : {16, 17}) {
      if (sanitized && ranks == 17) continue;
      Settings settings = test_settings(std::string(algorithm.name));
      if (ranks == 17) settings.pool_bytes = 1 << 20;
      Team team(ranks, settings);
      const ReductionData data(DataType::int32, ReduceOp::sum, ranks);
      const Outcomes outcomes = team.each([&](Communicator& communicator) -> Status {
        BCCL_TRY(call_once(communicator, data, DataType::int32, ReduceOp::sum, {1, false}));
        return call_once(communicator, data, DataType::int32, ReduceOp::sum,
                         {sanitized ? 100'003U : 600'011U, false});
      });
      INFO(algorithm.name << ", " << ranks << " ranks: " << troubles(outcomes));
      CHECK(troubles(outcomes).empty());
    }
}

TEST_CASE("Calls of many shapes one after another leave nothing behind that disturbs the next") {
  Team team(4);
  const ReductionData data(DataType::int32, ReduceOp::sum, 4);
  const Outcomes outcomes = team.each([&](Communicator& communicator) -> Status {
    for (int i = 0; i < (sanitized ? 500 : 5000); ++i) {
      const size_t count = (size_t(i) * 7919) % (i % 50 == 0 ? 200'000 : 300);
      BCCL_TRY(call_once(communicator, data, DataType::int32, ReduceOp::sum, {count, i % 2 == 0}));
    }
    return {};
  });
  INFO(troubles(outcomes));
  CHECK(troubles(outcomes).empty());
}

TEST_CASE("More distinct counts than the communicator remembers still work") {
  Team team(2);
  const ReductionData data(DataType::uint8, ReduceOp::max, 2);
  const Outcomes outcomes = team.each([&](Communicator& communicator) -> Status {
    for (size_t count = 1; count < 5000; ++count)
      BCCL_TRY(call_once(communicator, data, DataType::uint8, ReduceOp::max, {count, false}));
    return call_once(communicator, data, DataType::uint8, ReduceOp::max, {4999, true});
  });
  INFO(troubles(outcomes));
  CHECK(troubles(outcomes).empty());
}

}  // namespace
}  // namespace bccl::test
