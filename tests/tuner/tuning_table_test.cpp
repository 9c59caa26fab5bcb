// Tables of measured times: written, read, compared, and chosen by.
#include "tuner/tuning_table.h"

#include <catch2/catch.hpp>

#include "tuner/choice.h"

namespace bccl::test {
namespace {

TuningTable example() {
  return {{{.ranks = 4,
            .hosts = {0, 0, 1, 1},
            .groups = {{0, 0, 1, 1}},
            .timings = {{Collective::all_reduce, 1024, "ring", 4000},
                        {Collective::all_reduce, 4096, "ring", 16000},
                        {Collective::all_reduce, 1024, "direct", 9000},
                        {Collective::all_reduce, 4096, "direct", 9000}}}}};
}

Facts facts_with(TuningTable table) {
  return {.ranks = 4,
          .cores = 4,
          .slice_bytes_max = 65536,
          .lanes_max = 15,
          .hosts = {0, 0, 1, 1},
          .groups = {{0, 0, 1, 1}},
          .table = std::make_shared<const TuningTable>(std::move(table))};
}

TEST_CASE("A table is read as it was written") {
  const auto read = tuning_table_from_json(to_json(example()), "table");
  REQUIRE(read.ok());
  CHECK(read.value() == example());
  CHECK(read.value().digest() == example().digest());
  TuningTable other = example();
  other.shapes[0].timings[3].ns += 1;
  CHECK(other.digest() != example().digest());
}

TEST_CASE("Between two sizes time goes as a power of size, beyond them it is known for a factor of two") {
  const TuningTable table = example();
  const Facts facts = facts_with({});
  CHECK(table.ns(facts, Collective::all_reduce, 1024, "ring").value() == Approx(4000));
  CHECK(table.ns(facts, Collective::all_reduce, 2048, "ring").value() == Approx(8000));
  CHECK(table.ns(facts, Collective::all_reduce, 8192, "ring").value() == Approx(16000));
  CHECK_FALSE(table.ns(facts, Collective::all_reduce, 8193, "ring").has_value());
  CHECK_FALSE(table.ns(facts, Collective::all_reduce, 511, "ring").has_value());
  CHECK_FALSE(table.ns(facts, Collective::all_gather, 1024, "ring").has_value());
  Facts elsewhere = facts;
  elsewhere.hosts = {0, 1, 1, 1};
  CHECK_FALSE(table.ns(elsewhere, Collective::all_reduce, 1024, "ring").has_value());
  Facts bound = facts;
  bound.groups.insert(bound.groups.begin(), {0, 0, 1, 2});
  CHECK_FALSE(table.ns(bound, Collective::all_reduce, 1024, "ring").has_value());
}

TEST_CASE("A table from before groups were written knows of hosts alone") {
  const auto groups_of = [](const std::string& hosts) {
    const std::string text = R"({"bccl_tuning": 1, "shapes": [{"ranks": 3, "hosts": )" + hosts + R"(, "timings": []}]})";
    return tuning_table_from_json(text, "table").value().shapes[0].groups;
  };
  CHECK(groups_of("[]").empty());
  CHECK(groups_of("[0, 1, 2]").empty());
  CHECK(groups_of("[0, 1, 1]") == std::vector<std::vector<int>>{{0, 1, 1}});
}

TEST_CASE("The fastest of the measured algorithms is chosen, and others only where none was measured") {
  const Facts facts = facts_with(example());
  const auto chosen = [&](size_t bytes) { return choose({.bytes = bytes}, facts, {}).value().algorithm->name; };
  CHECK(chosen(1024) == "ring");
  CHECK(chosen(4096) == "direct");
  const auto known = candidates({.bytes = 4096}, facts, {}).value();
  CHECK(known[0].basis == Candidate::Basis::measured);
  CHECK(known[1].basis == Candidate::Basis::measured);
  CHECK(known[2].basis == Candidate::Basis::predicted);
  CHECK(candidates({.bytes = 1 << 20}, facts, {}).value()[0].basis == Candidate::Basis::predicted);
}

TEST_CASE("BCCL_ALGO counts for more than a table") {
  Settings settings;
  settings.algorithm = "halving_doubling";
  CHECK(choose({.bytes = 1024}, facts_with(example()), settings).value().algorithm->name == "halving_doubling");
}

TEST_CASE("What is wrong with a table is named") {
  const auto sentence_of = [](const std::string& text) {
    const auto read = tuning_table_from_json(text, "table");
    REQUIRE_FALSE(read.ok());
    CHECK(read.code() == Code::invalid_argument);
    return read.sentence();
  };
  CHECK_THAT(sentence_of("{"), Catch::Contains("table is not JSON"));
  CHECK_THAT(sentence_of("{}"), Catch::Contains("bccl_tuning"));
  CHECK_THAT(sentence_of(R"({"bccl_tuning": 2, "shapes": []})"), Catch::Contains("bccl_tuning"));
  CHECK_THAT(sentence_of(R"({"bccl_tuning": 1, "shapes": [{"ranks": 0, "hosts": [], "timings": []}]})"),
             Catch::Contains("ranks"));
  CHECK_THAT(sentence_of(R"({"bccl_tuning": 1, "shapes": [{"ranks": 2, "hosts": [0], "timings": []}]})"),
             Catch::Contains("hosts of 1 ranks, of a shape of 2"));
  CHECK_THAT(sentence_of(R"({"bccl_tuning": 1, "shapes": [{"ranks": 2, "hosts": [], "groups": [{"group_of": [0]}],
                             "timings": []}]})"),
             Catch::Contains("groups of 1 ranks, of a shape of 2"));
  CHECK_THAT(sentence_of(R"({"bccl_tuning": 1, "shapes": [{"ranks": 2, "hosts": [], "timings":
             [{"collective": "all_reduced", "bytes": 8, "algorithm": "ring", "ns": 1}]}]})"),
             Catch::Contains("'all_reduced'"));
  CHECK_THAT(read_tuning_table("/nowhere/table.json").sentence(), Catch::Contains("BCCL_TUNING_FILE=/nowhere/table.json"));
}

}  // namespace
}  // namespace bccl::test
