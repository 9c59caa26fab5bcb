// Topologies as JSON: nothing is lost, and nothing is believed.
#include "topology/topology_json.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "machines.h"
#include "topology/discovery.h"

namespace bccl::test {
namespace {

using Json = nlohmann::json;

Topology again(const Topology& topology) {
  const Result<Topology> read = topology_from_json(to_json(topology));
  INFO(read.sentence());
  REQUIRE(read.ok());
  return read.value();
}

/// What is said of a machine's JSON after `change`.
template <class Change>
std::string refusal(Change change) {
  Json document = Json::parse(to_json(machine("three_gpus")));
  change(document);
  const Result<Topology> read = topology_from_json(document.dump());
  CHECK_FALSE(read.ok());
  CHECK(read.code() == Code::invalid_argument);
  return read.sentence();
}

TEST_CASE("A topology survives JSON") {
  for (const std::string& name : machine_names()) {
    const Topology box = machine(name);
    CHECK(again(box) == box);
  }
  const Topology box = synthetic("package:2 numa:2 l3:2 core:3 pu:2");
  CHECK(again(box) == box);
  const Result<Topology> here = read_topology(Detail::everything);
  REQUIRE(here.ok());
  CHECK(again(here.value()) == here.value());
}

TEST_CASE("JSON that is cut off is said to break where it ends") {
  const std::string whole = to_json(machine("virtual_machine"));
  CHECK_THAT(topology_from_json(whole.substr(0, 100)).sentence(),
             Catch::Contains("the topology is not JSON: it breaks at byte 10"));
  CHECK_FALSE(topology_from_json("").ok());
  CHECK(topology_from_json("{\"packages\": 1e999}").sentence() ==
        "the topology has a number that is beyond all numbers");
  CHECK_THAT(topology_from_json("[1, 2]").sentence(),
             Catch::Equals("topology is a list, which is not an object"));
}

TEST_CASE("An error in JSON names the field, what it is and what is allowed") {
  CHECK(refusal([](Json& box) { box.erase("host_name"); }) == "topology.host_name is missing");
  CHECK(refusal([](Json& box) { box["packages"] = "two"; }) ==
        "topology.packages is \"two\", which is not a whole number from 1 to 65536");
  CHECK_THAT(refusal([](Json& box) { box["memory_bytes"] = UINT64_MAX; }),
             Catch::StartsWith("topology.memory_bytes is 18446744073709551615, which is not"));
  CHECK_THAT(refusal([](Json& box) { box["memory_bytes"] = 1.5; }), Catch::Contains("is 1.5, which is not"));
  CHECK(refusal([](Json& box) { box["cores"][3]["l3"] = -7; }) ==
        "topology.cores[3].l3 is -7, which is not a whole number from 0 to 65535");
  CHECK_THAT(refusal([](Json& box) { box["cores"][3]["processors"][0] = nullptr; }),
             Catch::StartsWith("topology.cores[3].processors[0] is null, which is not"));
  CHECK(refusal([](Json& box) { box["nics"][1]["up"] = 1; }) ==
        "topology.nics[1].up is 1, which is not true or false");
  CHECK(refusal([](Json& box) { box["nics"] = 3; }) == "topology.nics is 3, which is not a list");
  CHECK(refusal([](Json& box) { box["devices"][0] = "a GPU"; }) ==
        "topology.devices[0] is \"a GPU\", which is not an object");
  CHECK_THAT(refusal([](Json& box) { box["host_name"] = std::string(513, 'x'); }),
             Catch::Equals("topology.host_name has 513 bytes, more than 512"));
}

TEST_CASE("A topology in JSON names no parts that it does not have") {
  CHECK(refusal([](Json& box) { box["numa_nodes"] = Json::array(); }) == "the topology has no NUMA node");
  CHECK(refusal([](Json& box) { box["cores"] = Json::array(); }) == "the topology has no core");
  CHECK(refusal([](Json& box) { box["cores"][2]["processors"] = Json::array(); }) ==
        "core 2 has no processor");
  CHECK(refusal([](Json& box) { box["cores"][2]["l3"] = 4; }) ==
        "core 2 is in a part that the machine does not have");
  CHECK(refusal([](Json& box) { box["devices"][1]["numa_node"] = 2; }) ==
        "device 0000:22:00.0 is in a part that the machine does not have");
  CHECK(refusal([](Json& box) { box["nics"][0]["package"] = 1; }) ==
        "NIC ens3f0np0 is in a part that the machine does not have");
}

TEST_CASE("A list in JSON ends at 65536") {
  Json document = Json::parse(to_json(machine("virtual_machine")));
  document["cores"][0]["processors"] = std::vector<int>(1 << 16);
  CHECK(topology_from_json(document.dump()).ok());
  document["cores"][0]["processors"] = std::vector<int>((1 << 16) + 1);
  CHECK(topology_from_json(document.dump()).sentence() ==
        "topology.cores[0].processors has 65537 elements, more than 65536");
}

TEST_CASE("A host name in another encoding does not keep a topology from being sent") {
  Topology box = machine("virtual_machine");
  box.host_name = "h\xf4te";
  CHECK(again(box).host_name == "h\xef\xbf\xbdte");
}

}  // namespace
}  // namespace bccl::test
