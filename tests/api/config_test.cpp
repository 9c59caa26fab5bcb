// bcclConfig_t: what its fields do, what is refused, and that programs and libraries of different versions go
// together.
#include "api/config.h"

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "../support/rank_threads.h"
#include "clique.h"

namespace bccl::test {
namespace {

using Catch::Contains;

bcclConfig_t defaults() { return BCCL_CONFIG_INITIALIZER; }

std::string refusal(const bcclConfig_t& config) {
  std::array<bcclComm_t, 2> comms{};
  const bcclResult_t result = bcclCommInitAllConfig(comms.data(), 2, nullptr, &config);
  if (result == bcclSuccess) {
    for (const bcclComm_t comm : comms) bcclCommDestroy(comm);
    return "accepted";
  }
  CHECK(result == bcclInvalidArgument);
  CHECK((comms[0] == nullptr && comms[1] == nullptr));
  return last_error();
}

/// Makes a communicator of `configs.size()` ranks with an id, each rank with its own config.
std::vector<bcclResult_t> join_with(const std::vector<bcclConfig_t>& configs, std::vector<bcclComm_t>& comms,
                                    std::vector<std::string>& sentences) {
  bcclUniqueId id = {};
  REQUIRE(bcclGetUniqueId(&id) == bcclSuccess);
  const auto ranks = static_cast<int>(configs.size());
  std::vector<bcclResult_t> results(configs.size());
  comms.assign(configs.size(), nullptr);
  sentences.assign(configs.size(), "");
  on_ranks(ranks, [&](int rank) {
    const auto at = static_cast<size_t>(rank);
    results[at] = bcclCommInitRankConfig(&comms[at], ranks, id, rank, &configs[at]);
    sentences[at] = last_error();
  });
  return results;
}

TEST_CASE("No config, and one with nothing set, are the defaults") {
  std::array<bcclComm_t, 2> comms{};
  REQUIRE(bcclCommInitAllConfig(comms.data(), 2, nullptr, nullptr) == bcclSuccess);
  for (const bcclComm_t comm : comms) CHECK(bcclCommDestroy(comm) == bcclSuccess);
  CHECK(refusal(defaults()) == "accepted");
  bcclConfig_t blocking = defaults();
  blocking.blocking = 1;
  CHECK(refusal(blocking) == "accepted");
}

TEST_CASE("A communicator's settings hold for it alone, and over the environment") {
  bcclConfig_t config = defaults();
  config.settings = "BCCL_ALGO=quantum";
  std::array<bcclComm_t, 2> comms{};
  REQUIRE(bcclCommInitAllConfig(comms.data(), 2, nullptr, &config) == bcclSuccess);
  float numbers[2] = {1, 1};
  bcclGroupStart();
  for (int rank = 0; rank < 2; ++rank)
    bcclAllReduce(&numbers[rank], &numbers[rank], 1, bcclFloat, bcclSum, comms[size_t(rank)], nullptr);
  CHECK(bcclGroupEnd() == bcclInvalidArgument);
  CHECK_THAT(last_error(), Contains("quantum"));  // so it was asked for it
  for (const bcclComm_t comm : comms) bcclCommDestroy(comm);
  CHECK(Clique(2).trouble_with_a_sum().empty());
}

TEST_CASE("Ranks whose configs disagree are told who set what, on every rank") {
  bcclConfig_t ring = defaults(), direct = defaults();
  ring.settings = "BCCL_ALGO=ring;BCCL_TIMEOUT=1m";
  direct.settings = "BCCL_ALGO=direct";
  ring.name = direct.name = "data parallel";
  std::vector<bcclComm_t> comms;
  std::vector<std::string> sentences;
  const auto results = join_with({ring, direct, ring}, comms, sentences);
  for (size_t rank = 0; rank < 3; ++rank) {
    CHECK(results[rank] == bcclInvalidUsage);
    CHECK_THAT(sentences[rank],
               Contains("communicator \"data parallel\": ") &&
                   Contains("BCCL_ALGO is ring on ranks 0, 2 (bcclConfig_t.settings), direct on rank 1 "
                            "(bcclConfig_t.settings)") &&
                   !Contains("TIMEOUT"));
  }
}

TEST_CASE("A communicator's name stands in the errors of its calls") {
  bcclConfig_t config = defaults();
  config.name = "experts";
  std::vector<bcclComm_t> comms;
  std::vector<std::string> sentences;
  for (const bcclResult_t result : join_with({config, config}, comms, sentences))
    REQUIRE(result == bcclSuccess);
  on_ranks(2, [&](int rank) {
    double numbers[2] = {};
    bcclAllReduce(numbers, numbers, size_t(1 + rank), bcclDouble, bcclSum, comms[size_t(rank)], nullptr);
  });
  for (const bcclComm_t comm : comms) {
    CHECK_THAT(last_error(comm),
               Contains("communicator \"experts\": ") && Contains("ranks made different calls"));
    bcclCommDestroy(comm);
  }
}

TEST_CASE("A field with a value that is not allowed is named, with the value and what is allowed") {
  bcclConfig_t config = defaults();
  config.blocking = 2;
  CHECK_THAT(refusal(config), Contains("config.blocking is 2"));
  config = defaults();
  config.settings = "BCCL_WAIT=sleep";
  CHECK_THAT(refusal(config),
             Contains("BCCL_WAIT=\"sleep\" (bcclConfig_t.settings)") && Contains("auto, spin, yield"));
  config.settings = "BCCL_DEBUG=INFO";
  CHECK_THAT(refusal(config), Contains("BCCL_DEBUG") && Contains("whole process"));
  config = defaults();
  config.name = "two\nlines";
  CHECK_THAT(refusal(config), Contains("config.name") && Contains("control"));
}

TEST_CASE("Texts are accepted at their limits and refused one byte past them") {
  const std::string name(config_name_bytes_max, 'n'), settings(config_settings_bytes_max, ';');
  const std::string name_past = name + "n", settings_past = settings + ";";
  bcclConfig_t config = defaults();
  config.name = name.c_str();
  config.settings = settings.c_str();
  CHECK(refusal(config) == "accepted");
  config.name = name_past.c_str();
  CHECK_THAT(refusal(config), Contains("config.name is longer than 128 bytes"));
  config.name = nullptr;
  config.settings = settings_past.c_str();
  CHECK_THAT(refusal(config), Contains("config.settings is longer than 65536 bytes"));
}

TEST_CASE("A struct that was not begun with the initializer is refused") {
  bcclConfig_t config = {};
  CHECK_THAT(refusal(config), Contains("config.magic is 0x0") && Contains("BCCL_CONFIG_INITIALIZER"));
  config = defaults();
  config.size = 15;
  CHECK_THAT(refusal(config), Contains("config.size is 15"));
}

TEST_CASE("All three ways to make a communicator check their config") {
  bcclConfig_t config = defaults();
  config.magic = 1;
  bcclComm_t comm = nullptr;
  bcclUniqueId id = {};
  REQUIRE(bcclGetUniqueId(&id) == bcclSuccess);
  CHECK(bcclCommInitRankConfig(&comm, 1, id, 0, &config) == bcclInvalidArgument);
  CHECK(bcclCommInitAllConfig(&comm, 1, nullptr, &config) == bcclInvalidArgument);
  CHECK(bcclCommInitFromEnvConfig(&comm, &config) == bcclInvalidArgument);
  CHECK(comm == nullptr);
}

TEST_CASE("Of an older and smaller struct only what it has is read") {
  bcclConfig_t config = defaults();
  config.blocking = 1;
  config.name = reinterpret_cast<const char*>(1);  // not there for a program of this size
  config.settings = "BCCL_WAIT=sleep";
  config.size = offsetof(bcclConfig_t, name);
  CHECK(refusal(config) == "accepted");
  config.blocking = 7;
  CHECK(refusal(config) != "accepted");
  config.size = offsetof(bcclConfig_t, blocking);
  CHECK(refusal(config) == "accepted");
}

TEST_CASE("A newer and larger struct is read as far as this library knows it") {
  struct {
    bcclConfig_t known = BCCL_CONFIG_INITIALIZER;
    int newer = 7;
  } config;
  config.known.size = sizeof config;
  config.known.version = 99'99'99;
  CHECK(refusal(config.known) == "accepted");
  config.known.settings = "BCCL_WAIT=sleep";
  CHECK_THAT(refusal(config.known), Contains("BCCL_WAIT"));
}

TEST_CASE("A field that later took the place of padding is not read from programs older than it") {
  struct Old {
    VersionedHeader header;
    const char* text;
    int number;
    int padding;  // which in an old program has any content
  };
  struct New {
    VersionedHeader header;
    const char* text;
    int number;
    int added;
  };
  static_assert(sizeof(Old) == sizeof(New));
  constexpr VersionedField known[] = {{offsetof(New, text), sizeof(const char*), 100},
                                      {offsetof(New, number), sizeof(int), 100},
                                      {offsetof(New, added), sizeof(int), 200}};
  const Old old{{sizeof(Old), 0, 199}, "text", 5, 12345};
  New mine{{}, nullptr, -1, -1};
  take_known_fields(&mine, &old, known);
  CHECK((mine.text == old.text && mine.number == 5 && mine.added == -1));
  const New now{{sizeof(New), 0, 200}, "text", 5, 12345};
  take_known_fields(&mine, &now, known);
  CHECK(mine.added == 12345);
}

}  // namespace
}  // namespace bccl::test
