// Settings in files: which files, in which order, what is an error and what is only said.
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "base/settings.h"
#include "base/settings_file.h"

using namespace bccl;
using Catch::Contains;

namespace {

/// A folder that is a home, with the files that a test puts there; gone with the object.
class Home {
 public:
  Home() {
    std::string made = (std::filesystem::temp_directory_path() / "bccl-settings-XXXXXX").string();
    REQUIRE(mkdtemp(made.data()) != nullptr);
    folder_ = made;
  }
  ~Home() { std::filesystem::remove_all(folder_); }
  Home(const Home&) = delete;

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream{path(name), std::ios::binary} << text;
    return path(name);
  }

  Result<GivenSettings> given(std::vector<std::string> entries = {}) const {
    entries.push_back("HOME=" + folder_.string());
    std::vector<const char*> lines;
    for (const std::string& entry : entries) lines.push_back(entry.c_str());
    lines.push_back(nullptr);
    return given_to_process(lines.data(), path("system.conf"));
  }
  Settings read(std::vector<std::string> entries = {}) const {
    const auto all = given(std::move(entries));
    INFO(all.sentence());
    REQUIRE(all.ok());
    return read_settings(all.value()).value();
  }
  std::string refusal(std::vector<std::string> entries = {}) const {
    const auto all = given(std::move(entries));
    if (!all.ok()) return all.sentence();
    return read_settings(all.value()).sentence();
  }
  std::vector<std::string> warnings(std::vector<std::string> entries = {}) const {
    return setting_warnings(given(std::move(entries)).value());
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace

TEST_CASE("without files there are the defaults") {
  const Home home;
  CHECK(home.read().origins.empty());
  CHECK(home.warnings().empty());
}

TEST_CASE("of each setting the strongest source holds: environment, named or home file, system file") {
  const Home home;
  home.write("system.conf", "BCCL_ALGO=ring\nBCCL_CHANNELS=2\nBCCL_TIMEOUT=5s\n");
  home.write(".bccl.conf", "BCCL_ALGO=direct\nBCCL_CHANNELS=3\n");
  const std::string named = home.write("named.conf", "BCCL_ALGO=one_shot\n");

  const Settings from_home = home.read({"BCCL_ALGO=halving_doubling"});
  CHECK(from_home.algorithm == "halving_doubling");
  CHECK(from_home.channels == 3);
  CHECK(from_home.timeout_ms == 5000);
  CHECK(from_home.origin("BCCL_ALGO") == "environment");
  CHECK(from_home.origin("BCCL_CHANNELS") == "file " + home.path(".bccl.conf") + ":2");
  CHECK(from_home.origin("BCCL_TIMEOUT") == "file " + home.path("system.conf") + ":3");
  CHECK(from_home.origin("BCCL_WAIT") == "default");

  const Settings from_named = home.read({"BCCL_CONF_FILE=" + named});
  CHECK(from_named.algorithm == "one_shot");
  CHECK(from_named.channels == 2);  // the named file stands in place of the one at home
  CHECK(from_named.conf_file == named);
}

TEST_CASE("NCCL's names count after ours of the same source, and before weaker sources") {
  const Home home;
  home.write(".bccl.conf", "NCCL_ALGO=Tree\nBCCL_ALGO=direct\nNCCL_BUFFSIZE=1048576\n");
  const std::string nccl = home.write("nccl.conf", "NCCL_DEBUG=INFO\nNCCL_BUFFSIZE=2097152\n");
  const Settings settings = home.read({"NCCL_CONF_FILE=" + nccl});
  CHECK(settings.algorithm == "direct");
  CHECK(settings.pool_bytes == 1 << 20);
  CHECK(settings.debug == LogLevel::info);
  CHECK(settings.origin("BCCL_DEBUG") == "file " + nccl + ":1, NCCL_DEBUG=INFO");
  CHECK(home.read({"NCCL_ALGO=Ring"}).algorithm == "ring");
}

TEST_CASE("white space, comments, empty lines and line ends of other systems count for nothing") {
  const auto parsed = parse_settings_file(
      "# first\r\n\n  BCCL_ALGO =  ring\t# why\r\nBCCL_COMM_ID=a#b:1\nBCCL_SECRET=a = b", "x");
  CHECK(parsed.refusals.empty());
  REQUIRE(parsed.lines.size() == 3);
  CHECK((parsed.lines[0].number == 3 && parsed.lines[0].name == "BCCL_ALGO" &&
         parsed.lines[0].value == "ring"));
  CHECK(parsed.lines[1].value == "a#b:1");
  CHECK((parsed.lines[2].number == 5 && parsed.lines[2].value == "a = b"));
}

TEST_CASE("a line that is not understood is an error with file and line, and says what to write") {
  const Home home;
  const auto refused = [&](const std::string& text) {
    home.write(".bccl.conf", text);
    return home.refusal();
  };
  CHECK_THAT(refused("\nBCCL_ALGO ring\n"), Contains(".bccl.conf:2: ") && Contains("NAME=value"));
  CHECK_THAT(refused("=ring"), Contains(".bccl.conf:1: ") && Contains("no name"));
  CHECK_THAT(refused("export BCCL_ALGO=ring"), Contains(".bccl.conf:1: ") && Contains("name"));
  CHECK_THAT(refused("BCCL_ALGO=ring\nBCCL_WAIT=spin\nBCCL_ALGO=direct"),
             Contains(".bccl.conf:3: ") && Contains("line 1"));
  CHECK_THAT(refused(std::string("BCCL_ALGO=ri\0ng", 15)), Contains(".bccl.conf:1: ") && Contains("control"));
  home.write(".bccl.conf", "");
  home.write("system.conf", "nonsense");
  CHECK_THAT(home.refusal(), Contains("system.conf:1: "));
}

TEST_CASE("a bad value in a file is an error with setting, value, file, line and what is allowed") {
  const Home home;
  home.write(".bccl.conf", "# ours\nBCCL_WAIT=sleep\n");
  CHECK_THAT(home.refusal(), Contains("BCCL_WAIT=\"sleep\" (file " + home.path(".bccl.conf") + ":2)") &&
                                 Contains("auto, spin, yield"));
  CHECK(home.refusal({"BCCL_WAIT=spin"}).empty());  // what does not hold need not be right
}

TEST_CASE("unknown names in files are warned of with file, line and the nearest setting") {
  const Home home;
  home.write(".bccl.conf", "BCCL_TIMOUT=5s\nALGO=ring\n");
  const auto warnings = home.warnings();
  REQUIRE(warnings.size() == 2);
  CHECK_THAT(warnings[0],
             Contains("BCCL_TIMOUT (file " + home.path(".bccl.conf") + ":1)") && Contains("BCCL_TIMEOUT?"));
  CHECK_THAT(warnings[1], Contains("ALGO (file") && Contains("BCCL_ALGO?"));
}

TEST_CASE("a file cannot name another file") {
  const Home home;
  home.write(".bccl.conf", "BCCL_CONF_FILE=/nowhere\n");
  CHECK(home.read().conf_file.empty());
  REQUIRE(home.warnings().size() == 1);
  CHECK_THAT(home.warnings()[0], Contains("BCCL_CONF_FILE (file") && Contains("environment alone"));
}

TEST_CASE("a named file must be there and be a file, /dev/null says that there is none") {
  const Home home;
  home.write(".bccl.conf", "BCCL_ALGO=ring\n");
  CHECK_THAT(home.refusal({"BCCL_CONF_FILE=" + home.path("nowhere")}),
             Contains("BCCL_CONF_FILE=\"" + home.path("nowhere")) && Contains("no such file"));
  CHECK_THAT(home.refusal({"BCCL_CONF_FILE=" + home.path("")}), Contains("no regular file"));
  REQUIRE(mkfifo(home.path("pipe").c_str(), 0600) == 0);
  CHECK_THAT(home.refusal({"BCCL_CONF_FILE=" + home.path("pipe")}), Contains("no regular file"));
  CHECK(home.read({"BCCL_CONF_FILE=/dev/null"}).algorithm.empty());
}

TEST_CASE("a file may be as large as the limit, and not one byte larger") {
  const Home home;
  const std::string limit = home.write("limit", std::string(settings_file_bytes_max, '\n'));
  const std::string past = home.write("past", std::string(settings_file_bytes_max + 1, '\n'));
  CHECK(home.refusal({"BCCL_CONF_FILE=" + limit}).empty());
  CHECK_THAT(home.refusal({"BCCL_CONF_FILE=" + past}), Contains("larger than 1048576 bytes"));
}

TEST_CASE("a usual file that cannot be read is only said") {
  const Home home;
  std::filesystem::create_directory(home.path(".bccl.conf"));
  CHECK(home.read().origins.empty());
  REQUIRE(home.warnings().size() == 1);
  CHECK_THAT(home.warnings()[0], Contains(home.path(".bccl.conf")) && Contains("no regular file"));
}

TEST_CASE("nothing in NCCL's file is an error") {
  const Home home;
  const std::string file =
      home.write("nccl.conf", "what is this\nNCCL_ALGO=NVLS\nNCCL_IB_HCA=mlx5_0\nNCCL_DEBUG=INFO\n");
  CHECK(home.read({"NCCL_CONF_FILE=" + file}).debug == LogLevel::info);
  const auto warnings = home.warnings({"NCCL_CONF_FILE=" + file});
  REQUIRE(warnings.size() == 3);
  CHECK_THAT(warnings[0], Contains(file + ":1: "));
  CHECK_THAT(warnings[1], Contains("NCCL_ALGO=\"NVLS\" (file " + file + ":2)"));
  CHECK_THAT(warnings[2], Contains("NCCL_IB_HCA (file " + file + ":3)"));
  REQUIRE(home.warnings({"NCCL_CONF_FILE=" + home.path("nowhere")}).size() == 1);
  CHECK_THAT(home.warnings({"NCCL_CONF_FILE=" + home.path("nowhere")})[0], Contains("no such file"));
}

TEST_CASE("a program's text sets what belongs to a communicator, over everything else") {
  const Settings base = read_settings(given_by_program("BCCL_ALGO=ring").value()).value();
  const Settings over =
      read_settings(given_by_program(" BCCL_ALGO = direct ;; BCCL_TIMEOUT=30s;").value(), base).value();
  CHECK(over.algorithm == "direct");
  CHECK(over.timeout_ms == 30'000);
  CHECK(over.origin("BCCL_TIMEOUT") == "bcclConfig_t.settings");
  CHECK(given_by_program("").value().all.empty());
}

TEST_CASE("a program's text that is no list of a communicator's settings is refused, with the piece") {
  const auto refused = [](const std::string& text) {
    const auto given = given_by_program(text);
    return given.ok() ? read_settings(given.value()).sentence() : given.sentence();
  };
  CHECK_THAT(refused("BCCL_TIMEOUT=5s;BCCL_ALGO"),
             Contains("bcclConfig_t.settings:2: ") && Contains("NAME=value"));
  CHECK_THAT(refused("BCCL_ALGOS=ring"),
             Contains("bcclConfig_t.settings: BCCL_ALGOS") && Contains("BCCL_ALGO?"));
  CHECK_THAT(refused("NCCL_ALGO=Ring"), Contains("NCCL_ALGO is not a setting") && Contains("BCCL_ALGO?"));
  CHECK_THAT(refused("BCCL_DEBUG=INFO"), Contains("BCCL_DEBUG holds for the whole process"));
  CHECK_THAT(refused("BCCL_CONF_FILE=/x"), Contains("BCCL_CONF_FILE holds for the whole process"));
  CHECK_THAT(refused("BCCL_ALGO=ring;BCCL_ALGO=direct"), Contains("bcclConfig_t.settings:2: "));
  CHECK_THAT(refused("BCCL_WAIT=sleep"),
             Contains("BCCL_WAIT=\"sleep\" (bcclConfig_t.settings)") && Contains("spin"));
}
