// What settings mean, where they come from, and what is said of those that have no effect.
#include "base/settings.h"

#include <algorithm>
#include <map>
#include <string>

#include <catch2/catch.hpp>

#include "base/settings_registry.h"

using namespace bccl;
using Catch::Contains;

namespace {

GivenSettings from(const std::map<std::string, std::string>& environment) {
  std::vector<std::string> entries;
  for (const auto& [name, value] : environment) entries.push_back(name + "=" + value);
  std::vector<const char*> lines;
  for (const std::string& entry : entries) lines.push_back(entry.c_str());
  lines.push_back(nullptr);
  return given_in_environment(lines.data());
}

std::string refusal(const std::string& name, const std::string& value) {
  const auto settings = read_settings(from({{name, value}}));
  if (settings.ok()) return "accepted";
  CHECK(settings.code() == Code::invalid_argument);
  return settings.sentence();
}

SettingRow row_of(const std::string& name, const GivenSettings& given) {
  for (const SettingRow& row : describe_settings(given))
    if (row.name == name) return row;
  FAIL("no row " << name);
  return {};
}

std::vector<std::string> warnings_of(const std::map<std::string, std::string>& environment) {
  return setting_warnings(from(environment));
}

}  // namespace

TEST_CASE("without environment all settings have their defaults") {
  const Settings settings = read_settings(from({})).value();
  CHECK(settings.debug == LogLevel::warn);
  CHECK(settings.timeout_ms == 600'000);
  CHECK(settings.late_warning_ms == 10'000);
  CHECK(settings.bootstrap_timeout_ms == 30'000);
  CHECK(settings.slice_bytes == 0);
  CHECK(settings.wait == "auto");
  CHECK(settings.secret.empty());
}

TEST_CASE("each setting is read from its variable") {
  const Settings settings = read_settings(from({{"BCCL_DEBUG", "INFO"},
                                                {"BCCL_DEBUG_FILE", "/tmp/x.%p"},
                                                {"BCCL_TIMEOUT", "5"},
                                                {"BCCL_LATE_WARNING", "250ms"},
                                                {"BCCL_BOOTSTRAP_TIMEOUT", "2m"},
                                                {"BCCL_COMM_ID", "node1:4000"},
                                                {"BCCL_SECRET", "open sesame"},
                                                {"BCCL_ALGO", "ring"},
                                                {"BCCL_SLICE_BYTES", "16K"},
                                                {"BCCL_CHANNELS", "4"},
                                                {"BCCL_SHM_POOL_BYTES", "2M"},
                                                {"BCCL_SHM_STORES", "streaming"},
                                                {"BCCL_WAIT", "Spin"},
                                                {"BCCL_KERNELS", "avx2"},
                                                {"BCCL_SOCKET_IFNAME", "eth0"}}))
                                .value();
  CHECK(settings.debug == LogLevel::info);
  CHECK(settings.debug_file == "/tmp/x.%p");
  CHECK(settings.timeout_ms == 5'000);
  CHECK(settings.late_warning_ms == 250);
  CHECK(settings.bootstrap_timeout_ms == 120'000);
  CHECK(settings.comm_id == "node1:4000");
  CHECK(settings.secret == "open sesame");
  CHECK(settings.algorithm == "ring");
  CHECK(settings.slice_bytes == 16 << 10);
  CHECK(settings.channels == 4);
  CHECK(settings.pool_bytes == 2 << 20);
  CHECK(settings.stores == "streaming");
  CHECK(settings.wait == "spin");
  CHECK(settings.kernels == "avx2");
  CHECK(settings.interface_name == "eth0");
}

TEST_CASE("an empty variable counts as unset") {
  CHECK(read_settings(from({{"BCCL_TIMEOUT", ""}})).value().timeout_ms == 600'000);
}

TEST_CASE("a bad value is an error that names the variable, the value and what is allowed") {
  CHECK_THAT(refusal("BCCL_WAIT", "sleep"), Contains("BCCL_WAIT=\"sleep\"") && Contains("auto, spin, yield"));
  CHECK_THAT(refusal("BCCL_TIMEOUT", "soon"), Contains("BCCL_TIMEOUT=\"soon\"") && Contains("500ms"));
  CHECK_THAT(refusal("BCCL_DEBUG", "loud"), Contains("none, version, warn, info, trace"));
  CHECK_THAT(refusal("BCCL_CHANNELS", "2K"), Contains("1 to 8"));
}

TEST_CASE("numbers are accepted at the limits and refused one past them") {
  for (const char* good : {"0", "auto", "AUTO", "64", "65536", "64K"}) {
    CAPTURE(good);
    CHECK(refusal("BCCL_SLICE_BYTES", good) == "accepted");
  }
  for (const char* bad : {"63", "65537", "-1"}) {
    CAPTURE(bad);
    CHECK_THAT(refusal("BCCL_SLICE_BYTES", bad), Contains("64 to 64K"));
  }
  CHECK(refusal("BCCL_CHANNELS", "8") == "accepted");
  CHECK(refusal("BCCL_CHANNELS", "9") != "accepted");
  CHECK(refusal("BCCL_TIMEOUT", "1ms") == "accepted");
  CHECK(refusal("BCCL_TIMEOUT", "0") != "accepted");
}

TEST_CASE("an unknown variable of ours gives a warning with the nearest setting") {
  const auto warnings =
      warnings_of({{"PATH", "/bin"}, {"BCCL_TIMOUT", "5"}, {"BCCL_WAIT", "spin"}, {"NCCL_DEBUG", "INFO"}});
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], Contains("BCCL_TIMOUT (environment)") && Contains("BCCL_TIMEOUT?"));
}

TEST_CASE("the nearest setting is found whether a letter is missing, wrong or too many") {
  for (const auto& [wrong, right] :
       std::map<std::string, std::string>{{"BCCL_ALGOS", "BCCL_ALGO"},
                                          {"BCCL_DEBIG", "BCCL_DEBUG"},
                                          {"BCCL_CHANELS", "BCCL_CHANNELS"},
                                          {"BCCL_SLICE_BYTE", "BCCL_SLICE_BYTES"}}) {
    const auto warnings = warnings_of({{wrong, "1"}});
    REQUIRE(warnings.size() == 1);
    CHECK_THAT(warnings[0], Contains("mean " + right + "?"));
  }
}

TEST_CASE("a warning does not repeat the value, which may be a secret") {
  const auto warnings = warnings_of({{"BCCL_SECRETS", "open sesame"}});
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], !Contains("sesame"));
}

TEST_CASE("the table says of each setting what it is, what it would be, and who said so") {
  const GivenSettings given = from({{"BCCL_TIMEOUT", "90s"}});
  const SettingRow timeout = row_of("BCCL_TIMEOUT", given);
  CHECK(timeout.value == "90s");
  CHECK(timeout.default_value == "10m");
  CHECK(timeout.origin == "environment");
  CHECK_FALSE(timeout.meaning.empty());
  const SettingRow wait = row_of("BCCL_WAIT", given);
  CHECK(wait.value == "auto");
  CHECK(wait.origin == "default");
}

TEST_CASE("the table shows a value that is not allowed as such") {
  CHECK_THAT(row_of("BCCL_TIMEOUT", from({{"BCCL_TIMEOUT", "soon"}})).value,
             Contains("soon") && Contains("not allowed"));
}

TEST_CASE("the table hides the secret") {
  CHECK(row_of("BCCL_SECRET", from({{"BCCL_SECRET", "open sesame"}})).value == "(hidden)");
}

TEST_CASE("a default that the table shows is one that can be set") {
  for (const SettingRow& row : describe_settings({})) {
    CAPTURE(row.name);
    CHECK(refusal(row.name, row.default_value) == "accepted");
    const Settings set = read_settings(from({{row.name, row.default_value}})).value();
    CHECK(find_setting(row.name)->show(set) == row.default_value);
  }
}

TEST_CASE("the word for the empty text sets it back") {
  Settings base;
  base.algorithm = "ring";
  CHECK(read_settings(from({{"BCCL_ALGO", "auto"}}), base).value().algorithm.empty());
}

TEST_CASE("names in the registry are ours, distinct, and say what they mean in one sentence") {
  std::map<std::string, int> times;
  for (const SettingRule& rule : settings_registry()) {
    CAPTURE(rule.name);
    CHECK(std::string(rule.name).starts_with("BCCL_"));
    CHECK(++times[rule.name] == 1);
    if (rule.nccl.name != nullptr)
      CHECK((std::string(rule.nccl.name).starts_with("NCCL_") && ++times[rule.nccl.name] == 1));
    CHECK(std::string(rule.meaning).ends_with("."));
  }
}

TEST_CASE("what was given is said by whom, and what was not has its default") {
  const Settings settings = read_settings(from({{"BCCL_ALGO", "ring"}})).value();
  CHECK(settings.origin("BCCL_ALGO") == "environment");
  CHECK(settings.origin("BCCL_TIMEOUT") == "default");
}
