// Ranks whose settings lead to different plans find out when the communicator is made; settings that the wire
// does not show may differ.
#include <cstring>

#include <catch2/catch.hpp>

#include "reduction_data.h"
#include "team.h"

namespace bccl::test {
namespace {

std::vector<Settings> with_one_different(int ranks, int different, void (*change)(Settings&)) {
  std::vector<Settings> settings(static_cast<size_t>(ranks), test_settings());
  change(settings[size_t(different)]);
  return settings;
}

void check_named(const Outcomes& outcomes, int different, const std::vector<std::string>& words) {
  for (size_t rank = 0; rank < outcomes.size(); ++rank) {
    INFO("rank " << rank << ": " << outcomes[rank].sentence());
    CHECK(outcomes[rank].code() == Code::invalid_usage);
    CHECK_THAT(outcomes[rank].sentence(), Catch::Contains(fmt::format("rank {}", different)));
    for (const std::string& word : words) CHECK_THAT(outcomes[rank].sentence(), Catch::Contains(word));
  }
}

TEST_CASE(
    "Settings that change plans must be equal: the error on every rank names the rank, the setting and both "
    "values") {
  for (const int different : {0, 2}) {
    check_named(create_with(with_one_different(3, different, [](Settings& s) { s.algorithm = "ring"; })),
                different, {"BCCL_ALGO=ring", "BCCL_ALGO=auto"});
    check_named(create_with(with_one_different(3, different, [](Settings& s) { s.slice_bytes = 4096; })),
                different, {"BCCL_SLICE_BYTES=4096", "BCCL_SLICE_BYTES=0"});
    check_named(create_with(with_one_different(3, different, [](Settings& s) { s.channels = 4; })), different,
                {"BCCL_CHANNELS=4", "BCCL_CHANNELS=0"});
    check_named(create_with(with_one_different(3, different, [](Settings& s) { s.pool_bytes = 8 << 20; })),
                different, {"BCCL_SHM_POOL_BYTES=8388608", "BCCL_SHM_POOL_BYTES=0"});
  }
}

TEST_CASE(
    "Settings of one rank alone, its stores, waits and kernels among them, may differ and change no bit") {
  std::vector<Settings> settings(3, test_settings("ring"));
  settings[0].kernels = "scalar";
  settings[1].stores = "streaming";
  settings[1].wait = "yield";
  settings[2].wait = "spin";
  settings[2].late_warning_ms = 1234;
  Team team(settings);
  const ReductionData data(DataType::float16, ReduceOp::prod, 3);
  const Outcomes outcomes = team.each([&](Communicator& communicator) -> Status {
    std::vector<std::byte> buffer(2 * 10'000);
    data.fill(communicator.rank(), buffer.data(), 10'000);
    BCCL_TRY(communicator.run({.source = buffer.data(),
                               .target = buffer.data(),
                               .count = 10'000,
                               .type = DataType::float16,
                               .reduction = data.reduction(communicator.rank())}));
    if (data.first_wrong(buffer.data(), 10'000) < 10'000)
      return fail(Code::internal_error, "the result is wrong");
    return {};
  });
  INFO(troubles(outcomes));
  CHECK(troubles(outcomes).empty());
}

TEST_CASE("An algorithm that does not exist is refused on every rank, with those that do") {
  Team team(2, test_settings("quantum"));
  const Outcomes outcomes = team.each([](Communicator& communicator) {
    float number = 1;
    return communicator.run({.source = &number, .target = &number, .count = 1, .reduction = {}});
  });
  for (const Status& outcome : outcomes) {
    CHECK(outcome.code() == Code::invalid_argument);
    for (const std::string word : {"quantum", "ring", "one_shot", "halving_doubling"})
      CHECK_THAT(outcome.sentence(), Catch::Contains(word));
  }
}

}  // namespace
}  // namespace bccl::test
