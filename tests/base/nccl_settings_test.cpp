// NCCL's variables: what they mean here, that ours hold before them, and that none is ever an error.
#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/settings.h"

using namespace bccl;
using Catch::Contains;

namespace {

GivenSettings given(const std::vector<std::string>& entries) {
  std::vector<const char*> lines;
  for (const std::string& entry : entries) lines.push_back(entry.c_str());
  lines.push_back(nullptr);
  return given_in_environment(lines.data());
}

Settings read(const std::vector<std::string>& entries) {
  const auto settings = read_settings(given(entries));
  INFO(settings.sentence());
  REQUIRE(settings.ok());
  return settings.value();
}

}  // namespace

TEST_CASE("NCCL's variables set what is the same here") {
  CHECK(read({"NCCL_DEBUG=VERSION"}).debug == LogLevel::version);
  CHECK(read({"NCCL_DEBUG=WARN"}).debug == LogLevel::warn);
  CHECK(read({"NCCL_DEBUG=INFO"}).debug == LogLevel::info);
  CHECK(read({"NCCL_DEBUG=ABORT"}).debug == LogLevel::info);
  CHECK(read({"NCCL_DEBUG=trace"}).debug == LogLevel::trace);
  CHECK(read({"NCCL_DEBUG_FILE=/tmp/log.%h.%p"}).debug_file == "/tmp/log.%h.%p");
  CHECK(read({"NCCL_ALGO=Ring"}).algorithm == "ring");
  CHECK(read({"NCCL_ALGO=TREE"}).algorithm == "double_binary_tree");
  CHECK(read({"NCCL_SOCKET_IFNAME=eth0"}).interface_name == "eth0");
  CHECK(read({"NCCL_SOCKET_IFNAME==eth0,eth1"}).interface_name == "=eth0,eth1");
  CHECK(read({"NCCL_SOCKET_IFNAME=^docker"}).interface_name == "^docker");
  CHECK(read({"NCCL_COMM_ID=10.0.0.1:5000"}).comm_id == "10.0.0.1:5000");
  CHECK(read({"NCCL_BUFFSIZE=8388608"}).pool_bytes == 8 << 20);
  CHECK(read({"NCCL_SHM_DISABLE=1"}).shared_memory == "off");
  CHECK(read({"NCCL_SHM_DISABLE=0"}).shared_memory == "on");
}

TEST_CASE("a value of NCCL's says where it comes from, as it was written") {
  CHECK(read({"NCCL_ALGO=Tree"}).origin("BCCL_ALGO") == "environment, NCCL_ALGO=Tree");
}

TEST_CASE("our variables hold before NCCL's, whichever stands first") {
  for (const auto& entries : {std::vector<std::string>{"BCCL_ALGO=direct", "NCCL_ALGO=Ring"},
                              std::vector<std::string>{"NCCL_ALGO=Ring", "BCCL_ALGO=direct"}}) {
    CHECK(read(entries).algorithm == "direct");
    CHECK(read(entries).origin("BCCL_ALGO") == "environment");
  }
  CHECK(read({"BCCL_ALGO=", "NCCL_ALGO=Ring"}).algorithm == "ring");  // an empty one is none
}

TEST_CASE("what NCCL could do and we cannot is warned of, with what there is, and changes nothing") {
  for (const std::string entry :
       {"NCCL_ALGO=NVLS", "NCCL_ALGO=^Ring", "NCCL_ALGO=allreduce:tree;broadcast:ring", "NCCL_DEBUG=LOUD",
        "NCCL_BUFFSIZE=17", "NCCL_BUFFSIZE=-1", "NCCL_SHM_DISABLE=maybe"}) {
    CAPTURE(entry);
    CHECK(read({entry}).origins.empty());
    const auto warnings = setting_warnings(given({entry}));
    REQUIRE(warnings.size() == 1);
    const std::string name = entry.substr(0, entry.find('='));
    CHECK_THAT(warnings[0], Contains(name + "=\"" + entry.substr(name.size() + 1) + "\" (environment)") &&
                                Contains("no effect") && Contains("BCCL_"));
  }
}

TEST_CASE("NCCL's variables without a counterpart are named together, once") {
  const auto warnings =
      setting_warnings(given({"NCCL_IB_HCA=mlx5_0", "NCCL_DEBUG=INFO", "NCCL_P2P_LEVEL=SYS"}));
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0],
             Contains("NCCL_IB_HCA (environment), NCCL_P2P_LEVEL (environment)") && !Contains("NCCL_DEBUG"));
}

TEST_CASE("the place of NCCL's file is known, and no warning is due") {
  CHECK(setting_warnings(given({"NCCL_CONF_FILE=/etc/nccl.conf"})).empty());
}
