// `bccl info`: the machine as seen, transports, settings with their origin, memory a communicator takes.
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "command.h"

namespace bccl::test {
namespace {

using Json = nlohmann::json;

Json info(std::vector<std::string> environment = {}) {
  return Json::parse(output_of(command({"info", "--json"}, std::move(environment))));
}

Json setting(const Json& document, const std::string& name) {
  for (const Json& row : document["settings"])
    if (row["name"] == name) return row;
  FAIL("no setting " << name);
  return {};
}

TEST_CASE("bccl info says what the machine is, which transports there are, and what a communicator takes") {
  const Json document = info();
  CHECK(document["machine"]["cores"].get<int>() >= 1);
  CHECK(document["machine"]["memory_bytes"].get<uint64_t>() > 0);
  CHECK_FALSE(document["machine"]["host"].get<std::string>().empty());
  CHECK(document["transports"] == Json{"shm"});
  REQUIRE(document["memory"].size() >= 2);
  for (const Json& row : document["memory"]) {
    const int pairs_a_rank = row["ranks"].get<int>() - 1;
    CHECK(row["bytes_a_rank"].get<double>() / pairs_a_rank <= 8 << 20);  // the promise: 8 MiB a local pair
  }
}

TEST_CASE("bccl info says of every setting what it is, where that comes from, and what it means") {
  const Json defaults = info();
  CHECK(setting(defaults, "BCCL_TIMEOUT")["value"] == "10m");
  for (const Json& row : defaults["settings"]) {
    CHECK(row["origin"] == "default");
    CHECK(row["value"] == row["default"]);
    CHECK_FALSE(row["meaning"].get<std::string>().empty());
  }
  const Json given = info({"BCCL_TIMEOUT=5s", "BCCL_SECRET=open sesame"});
  CHECK(setting(given, "BCCL_TIMEOUT")["value"] == "5s");
  CHECK(setting(given, "BCCL_TIMEOUT")["origin"] == "environment");
  CHECK(setting(given, "BCCL_ALGO")["origin"] == "default");
  CHECK_THAT(given.dump(), !Catch::Contains("sesame"));
}

TEST_CASE("bccl info shows people the same") {
  const std::string text = output_of(command({"info"}, {"BCCL_TIMEOUT=5s"}));
  for (const char* word :
       {"machine", "transports", "shm", "kernels", "memory", "4 ranks", "BCCL_TIMEOUT", "5s", "environment"})
    CHECK_THAT(text, Catch::Contains(word));
}

TEST_CASE("docs/settings.md is what bccl info --settings --markdown writes") {
  std::ostringstream page;
  page << std::ifstream(SETTINGS_PAGE).rdbuf();
  INFO("to write it anew: bccl info --settings --markdown > docs/settings.md");
  CHECK(page.str() == output_of(command({"info", "--settings", "--markdown"}, {"BCCL_TIMEOUT=5s"})));
}

TEST_CASE("bccl info --settings says all of every setting, to people and to programs") {
  const std::string text =
      output_of(command({"info", "--settings"}, {"BCCL_TIMEOUT=5s", "BCCL_SECRET=open sesame"}));
  for (const char* words :
       {"BCCL_TIMEOUT = 5s (environment)", "default 10m", "NCCL's name NCCL_ALGO", "equal on all ranks"})
    CHECK_THAT(text, Catch::Contains(words));
  CHECK_THAT(text, !Catch::Contains("sesame"));
  CHECK(Json::parse(output_of(command({"info", "--settings", "--json"}))) == info()["settings"]);
  const Outcome bad = outcome_of(command({"info", "--settings"}, {"BCCL_TIMEOUT=soon"}));
  CHECK(bad.status == 2);
  CHECK_THAT(bad.errors, Catch::Contains("BCCL_TIMEOUT=\"soon\""));
}

TEST_CASE("A bad setting is said to be one, with what is allowed, the others are shown all the same") {
  const Outcome outcome = outcome_of(command({"info"}, {"BCCL_TIMEOUT=soon"}));
  CHECK(outcome.status == 2);
  CHECK_THAT(outcome.errors, Catch::Contains("BCCL_TIMEOUT=\"soon\"") && Catch::Contains("500ms, 30s, 10m"));
  CHECK_THAT(outcome.output,
             Catch::Contains("\"soon\" (not allowed)") && Catch::Contains("BCCL_LATE_WARNING"));
}

TEST_CASE("An unknown BCCL_ name is warned of with the nearest known one") {
  const Outcome outcome = outcome_of(command({"info"}, {"BCCL_TIMEOUTS=5s"}));
  CHECK(outcome.status == 0);
  CHECK_THAT(outcome.errors, Catch::Contains("BCCL_TIMEOUTS (environment) is not a setting") &&
                                 Catch::Contains("did you mean BCCL_TIMEOUT?"));
}

TEST_CASE("bccl info --topology shows this machine as a tree, and the same as JSON") {
  const Json document = Json::parse(output_of(command({"info", "--topology", "--json"})));
  const std::string tree = output_of(command({"info", "--topology"}));
  CHECK_THAT(tree, Catch::StartsWith("host " + document["host_name"].get<std::string>()));
  REQUIRE_FALSE(document["nics"].empty());
  for (const Json& nic : document["nics"])
    CHECK_THAT(tree, Catch::Contains("NIC " + nic["name"].get<std::string>() + ":"));
}

TEST_CASE("bccl info --topology shows the machine of an hwloc file") {
  const std::string tree = output_of(command({"info", "--topology", "--xml", MACHINES "/eight_gpus.xml"}));
  CHECK_THAT(tree, Catch::StartsWith("host octo") && Catch::Contains("device 7: NVIDIA") &&
                       Catch::Contains("nearest NIC ib3"));
  const Json document =
      Json::parse(output_of(command({"info", "--topology", "--json", "--xml", MACHINES "/eight_gpus.xml"})));
  CHECK(document["devices"].size() == 8);
}

TEST_CASE("bccl info says which topology file it cannot read") {
  const Outcome missing = outcome_of(command({"info", "--topology", "--xml", "/nowhere/machine.xml"}));
  CHECK(missing.status == 1);
  CHECK_THAT(missing.errors, Catch::Contains("cannot read '/nowhere/machine.xml': No such file"));
  const Outcome alone = outcome_of(command({"info", "--xml", MACHINES "/eight_gpus.xml"}));
  CHECK(alone.status == 2);
  CHECK_THAT(alone.errors, Catch::Contains("--xml requires --topology"));
}

}  // namespace
}  // namespace bccl::test
