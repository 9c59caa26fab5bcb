#include "base/settings.h"

#include <algorithm>
#include <map>
#include <string>

#include <catch2/catch.hpp>

using namespace bccl;
using Catch::Contains;

namespace {

Lookup from(std::map<std::string, std::string> environment) {
  return [environment = std::move(environment)](const char* name) -> const char* {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  };
}

std::string refusal(const std::string& name, const std::string& value) {
  const auto settings = read_settings(from({{name, value}}));
  if (settings.ok()) return "accepted";
  CHECK(settings.code() == Code::invalid_argument);
  return settings.sentence();
}

SettingRow row_of(const std::string& name, const Lookup& lookup) {
  for (const SettingRow& row : describe_settings(lookup))
    if (row.name == name) return row;
  FAIL("no row " << name);
  return {};
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
  for (const char* good : {"0", "64", "65536", "64K"}) {
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

TEST_CASE("durations are read as people write them") {
  CHECK(parse_duration_ms("500ms").value() == 500);
  CHECK(parse_duration_ms("30s").value() == 30'000);
  CHECK(parse_duration_ms("30").value() == 30'000);
  CHECK(parse_duration_ms("10m").value() == 600'000);
  CHECK(parse_duration_ms("2h").value() == 7'200'000);
  CHECK(parse_duration_ms("8760h").value() == 8760 * 3'600'000LL);
}

TEST_CASE("what is no duration is refused") {
  for (const char* bad : {"", "s", "-1s", "+1s", "1.5s", "10 s", "10x", "8761h", "99999999999999999999",
                          "9223372036854775807h"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_duration_ms(bad).ok());
  }
}

TEST_CASE("sizes are read as people write them") {
  CHECK(parse_bytes("0").value() == 0);
  CHECK(parse_bytes("4096").value() == 4096);
  CHECK(parse_bytes("64K").value() == 65536);
  CHECK(parse_bytes("16m").value() == 16 << 20);
  CHECK(parse_bytes("1G").value() == 1 << 30);
}

TEST_CASE("what is no size is refused") {
  for (const char* bad : {"", "K", "-1", "1.5M", "1 K", "1KB", "99999999999G", "0x10"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_bytes(bad).ok());
  }
}

TEST_CASE("an unknown variable of ours gives a warning with the nearest setting") {
  const char* environment[] = {"PATH=/bin", "BCCL_TIMOUT=5", "BCCL_WAIT=spin", "NCCL_DEBUG=INFO", nullptr};
  const auto warnings = unknown_settings(environment);
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], Contains("BCCL_TIMOUT ") && Contains("BCCL_TIMEOUT?"));
}

TEST_CASE("the nearest setting is found whether a letter is missing, wrong or too many") {
  for (const auto& [wrong, right] :
       std::map<std::string, std::string>{{"BCCL_ALGOS", "BCCL_ALGO"},
                                          {"BCCL_DEBIG", "BCCL_DEBUG"},
                                          {"BCCL_CHANELS", "BCCL_CHANNELS"},
                                          {"BCCL_SLICE_BYTE", "BCCL_SLICE_BYTES"}}) {
    const std::string entry = wrong + "=1";
    const char* environment[] = {entry.c_str(), nullptr};
    REQUIRE(unknown_settings(environment).size() == 1);
    CHECK_THAT(unknown_settings(environment)[0], Contains("mean " + right + "?"));
  }
}

TEST_CASE("a warning does not repeat the value, which may be a secret") {
  const char* environment[] = {"BCCL_SECRETS=open sesame", nullptr};
  REQUIRE(unknown_settings(environment).size() == 1);
  CHECK_THAT(unknown_settings(environment)[0], !Contains("sesame"));
}

TEST_CASE("the table says of each setting what it is, what it would be, and who said so") {
  const Lookup lookup = from({{"BCCL_TIMEOUT", "90s"}});
  const SettingRow timeout = row_of("BCCL_TIMEOUT", lookup);
  CHECK(timeout.value == "90s");
  CHECK(timeout.default_value == "10m");
  CHECK(timeout.origin == "environment");
  CHECK_FALSE(timeout.meaning.empty());
  const SettingRow wait = row_of("BCCL_WAIT", lookup);
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
  for (const SettingRow& row : describe_settings(from({}))) {
    CAPTURE(row.name);
    CHECK(refusal(row.name, row.default_value) == "accepted");
  }
}
