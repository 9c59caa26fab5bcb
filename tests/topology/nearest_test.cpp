// Distances on one machine: what holds two locations, and which NICs and cores are nearest.
#include "topology/nearest.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "machines.h"
#include "topology/accelerators.h"

namespace bccl::test {
namespace {

std::string nic_of(const Topology& topology, int device) {
  const int nic = nearest_nic(topology, device);
  return nic < 0 ? "none" : topology.nics[static_cast<size_t>(nic)].name;
}

std::vector<std::string> nics_of_devices(const Topology& topology) {
  std::vector<std::string> names;
  for (int device = 0; device < static_cast<int>(topology.devices.size()); ++device)
    names.push_back(nic_of(topology, device));
  return names;
}

TEST_CASE("Two cores are as far apart as the smallest thing that holds both") {
  const Topology box = synthetic("package:2 numa:2 l3:2 core:2 pu:2");
  const auto between = [&](size_t one, size_t other) {
    const Enclosure there = enclosure(box.cores[one].location, box.cores[other].location);
    CHECK(there == enclosure(box.cores[other].location, box.cores[one].location));
    return there;
  };
  CHECK(between(0, 0) == Enclosure::core);
  CHECK(between(0, 1) == Enclosure::l3);
  CHECK(between(0, 2) == Enclosure::numa_node);
  CHECK(between(0, 4) == Enclosure::package);
  CHECK(between(0, 8) == Enclosure::host);
}

TEST_CASE("A thread is where all the processors are that it may run on") {
  const Topology box = synthetic("package:2 numa:2 l3:2 core:2 pu:2");
  const auto at = [&](std::vector<int> processors) { return location_of(box, processors); };
  CHECK(at({2}) == Location{.core = 1, .l3 = 0, .numa_node = 0, .package = 0});
  CHECK(at({2, 3}) == at({2}));  // threads of one core
  CHECK(at({0, 2}) == Location{.l3 = 0, .numa_node = 0, .package = 0});
  CHECK(at({0, 5}) == Location{.numa_node = 0, .package = 0});
  CHECK(at({0, 9}) == Location{.package = 0});
  CHECK(at({0, 31}) == Location{});
  CHECK(at({2, 4000}) == at({2}));
  CHECK(at({}) == Location{});
  CHECK(at({4000}) == Location{});
}

TEST_CASE("Unknown locations meet in the host only") {
  CHECK(enclosure({}, {}) == Enclosure::host);
  CHECK(enclosure({.package = 0}, {}) == Enclosure::host);
}

TEST_CASE("GPUs use the NIC below their own PCI switch") {
  CHECK(nics_of_devices(machine("eight_gpus")) ==
        std::vector<std::string>{"ib0", "ib0", "ib1", "ib1", "ib2", "ib2", "ib3", "ib3"});
}

TEST_CASE("A GPU whose switch has lost its NIC takes one of its NUMA node, never the other socket's") {
  Topology box = machine("eight_gpus");
  box.nics[static_cast<size_t>(nic_named(box, "ib3"))].up = false;
  CHECK(nic_of(box, 6) == "ib2");
  CHECK(nic_of(box, 7) == "ib2");
  box.nics[static_cast<size_t>(nic_named(box, "ib2"))].up = false;
  CHECK(box.nics[static_cast<size_t>(nearest_nic(box, 7))].location.numa_node == 0);  // better than none
}

TEST_CASE("GPUs that are equally near the same NICs take turns") {
  CHECK(nics_of_devices(machine("three_gpus")) ==
        std::vector<std::string>{"ens3f0np0", "ens3f1np1", "mlx5_2"});
}

TEST_CASE("Of NICs that are equally near the fastest counts") {
  Topology box = machine("three_gpus");
  box.nics[static_cast<size_t>(nic_named(box, "ens3f1np1"))].speed_mbps = 200'000;
  box.nics[static_cast<size_t>(nic_named(box, "ens3f0np0"))].speed_mbps = 25'000;
  CHECK(nic_of(box, 0) == "ens3f1np1");
  CHECK(nic_of(box, 1) == "ens3f1np1");
}

TEST_CASE("NICs that are down or virtual are near nothing") {
  Topology box = machine("three_gpus");
  for (Nic& nic : box.nics) nic.up = false;
  box.nics.push_back({.name = "docker0"});
  CHECK(nearest_nic(box, 0) == -1);
}

TEST_CASE("A device is found by any spelling of its bus id") {
  const Topology box = machine("eight_gpus");
  for (const char* spelling : {"0000:3b:00.0", "0000:39:00.0", "39:00.0", "00000000:39:00.0", "0000:B9:00.0"})
    CHECK(find_device(box, spelling) == (std::string(spelling).find("3b") != std::string::npos   ? -1
                                         : std::string(spelling).find("B9") != std::string::npos ? 7
                                                                                                 : 3));
}

TEST_CASE("The cores near a location are those of the smallest part that is known") {
  const Topology box = machine("three_gpus");
  CHECK(nearest_cores(box, {.core = 3, .l3 = 1, .numa_node = 0, .package = 0}) == std::vector<int>{3});
  CHECK(nearest_cores(box, {.l3 = 1, .numa_node = 0, .package = 0}) == std::vector<int>{2, 3});
  CHECK(nearest_cores(box, box.devices[2].location) == std::vector<int>{4, 5, 6, 7});
  CHECK(nearest_cores(box, {}).size() == box.cores.size());
}

TEST_CASE("Displays count as accelerators if their makers build accelerators") {
  CHECK(is_accelerator(0x0302, 0x10de));
  CHECK(is_accelerator(0x0300, 0x10de));
  CHECK(is_accelerator(0x0380, 0x1002));
  CHECK(is_accelerator(0x1200, 0x19e5));
  CHECK(is_accelerator(0x1200, 0xffff));        // whoever builds it
  CHECK_FALSE(is_accelerator(0x0300, 0x1a03));  // a management board's
  CHECK_FALSE(is_accelerator(0x0200, 0x10de));  // a NIC
}

}  // namespace
}  // namespace bccl::test
