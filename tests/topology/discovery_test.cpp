// What hwloc knows, as a Topology: of this machine, of files, of descriptions.
#include "topology/discovery.h"

#include <algorithm>

#include <catch2/catch.hpp>
#include <sched.h>

#include "machines.h"
#include "base/affinity.h"

namespace bccl::test {
namespace {

size_t processors_allowed() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  REQUIRE(sched_getaffinity(0, sizeof allowed, &allowed) == 0);
  return static_cast<size_t>(CPU_COUNT(&allowed));
}

TEST_CASE("This machine has the cores that this process may use, and loopback") {
  const Result<Topology> read = read_topology(Detail::everything);
  INFO(read.sentence());
  REQUIRE(read.ok());
  const Topology& here = read.value();
  CHECK(static_cast<size_t>(processors_of(here)) == processors_allowed());
  CHECK_FALSE(here.host_name.empty());
  CHECK(here.memory_bytes > 0);
  CHECK_FALSE(here.numa_nodes.empty());
  for (const Core& core : here.cores) CHECK_FALSE(core.processors.empty());
  const Nic& loopback = here.nics[static_cast<size_t>(nic_named(here, "lo"))];
  CHECK(loopback.is_virtual());
  CHECK(loopback.loopback);
}

TEST_CASE("This machine is read once, without its devices") {
  const Result<const Topology*> first = this_machine();
  const Result<const Topology*> second = this_machine();
  REQUIRE(first.ok());
  CHECK(first.value() == second.value());
  CHECK(first.value()->devices.empty());
  CHECK(first.value()->nics.empty());
}

TEST_CASE("A process bound to one processor has one core") {
  cpu_set_t before;
  CPU_ZERO(&before);
  REQUIRE(sched_getaffinity(0, sizeof before, &before) == 0);
  int last = CPU_SETSIZE - 1;
  while (!CPU_ISSET(static_cast<size_t>(last), &before)) --last;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<size_t>(last), &one);
  REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);
  const Result<Topology> bound = read_topology(Detail::cores);
  const Result<Topology> whole = read_topology(Detail::cores, Cores::all);
  const std::vector<int> allowed = processors_of_thread();
  REQUIRE(sched_setaffinity(0, sizeof before, &before) == 0);
  REQUIRE(bound.ok());
  REQUIRE(bound.value().cores.size() == 1);
  CHECK(bound.value().cores.front().processors == std::vector<int>{last});
  CHECK(allowed == std::vector<int>{last});
  REQUIRE(whole.ok());
  CHECK(processors_of(whole.value()) >= CPU_COUNT(&before));
  const int core = location_of(whole.value(), allowed).core;
  REQUIRE(core >= 0);
  CHECK(std::ranges::count(whole.value().cores[static_cast<size_t>(core)].processors, last) == 1);
}

TEST_CASE("A box of eight GPUs: two sockets, four RDMA NICs behind PCI switches, and a board's own display") {
  const Topology box = machine("eight_gpus");
  CHECK(box.host_name == "octo");
  CHECK(box.packages == 2);
  CHECK(box.l3_count == 2);
  CHECK(box.l3_bytes == size_t{105} << 20);
  CHECK(box.l2_bytes == size_t{2} << 20);
  CHECK(box.memory_bytes == size_t{2048} << 30);
  REQUIRE(box.numa_nodes.size() == 2);
  CHECK(box.numa_nodes[1] == NumaNode{.number = 1, .package = 1, .memory_bytes = size_t{1024} << 30});
  REQUIRE(box.cores.size() == 8);
  CHECK(processors_of(box) == 16);
  CHECK(box.cores[5] == Core{{5, 13}, {.core = 5, .l3 = 1, .numa_node = 1, .package = 1}});

  REQUIRE(box.devices.size() == 8);  // not the management board's display
  const Device& third = box.devices[2];
  CHECK(third.pci == PciLocation{"0000:38:00.0", {"0000:35", "0000:35:01.0", "0000:36:00.0"}});
  CHECK(third.vendor == "NVIDIA");
  CHECK(third.vendor_id == 0x10de);
  CHECK(third.device_id == 0x2330);
  CHECK(third.class_id == 0x0302);
  CHECK(third.location == Location{.numa_node = 0, .package = 0});
  CHECK(box.devices[7].location == Location{.numa_node = 1, .package = 1});

  REQUIRE(box.nics.size() == 5);
  const Nic& infiniband = box.nics[static_cast<size_t>(nic_named(box, "ib2"))];
  CHECK(infiniband.rdma == "mlx5_2");
  CHECK(infiniband.pci.bus_id == "0000:9b:00.0");
  CHECK(infiniband.location == Location{.numa_node = 1, .package = 1});
  CHECK(box.nics[static_cast<size_t>(nic_named(box, "eno1"))].rdma.empty());
}

TEST_CASE("An RDMA device without an interface is a NIC, up or down as its port is") {
  const Topology box = machine("three_gpus");
  const Nic& up = box.nics[static_cast<size_t>(nic_named(box, "mlx5_2"))];
  CHECK(up.rdma == "mlx5_2");
  CHECK(up.up);
  CHECK_FALSE(box.nics[static_cast<size_t>(nic_named(box, "mlx5_3"))].up);
}

TEST_CASE("One package may hold several NUMA nodes, and a node several L3s") {
  const Topology box = machine("three_gpus");
  CHECK(box.packages == 1);
  CHECK(box.numa_nodes.size() == 2);
  CHECK(box.l3_count == 4);
  CHECK(box.cores[6].location == Location{.core = 6, .l3 = 3, .numa_node = 1, .package = 0});
  REQUIRE(box.devices.size() == 3);
  CHECK(box.devices[2].vendor == "AMD");
  CHECK(box.devices[2].location == Location{.numa_node = 1, .package = 0});
}

TEST_CASE("Cores that a control group leaves out are not there") {
  const Topology box = machine("four_caches");
  CHECK(box.cores.size() == 7);
  CHECK(processors_of(box) == 14);
  CHECK(box.l3_count == 4);
  CHECK(box.devices.empty());
}

TEST_CASE("A virtual machine's NIC is on its one node") {
  const Topology box = machine("virtual_machine");
  REQUIRE(box.nics.size() == 1);
  CHECK(box.nics[0].pci == PciLocation{"0000:00:03.0", {"0000:00"}});
  CHECK(box.nics[0].location == Location{.numa_node = 0, .package = 0});
}

TEST_CASE("A description makes a machine of cores") {
  const Topology box = synthetic("package:2 numa:2 l3:2 core:3 pu:2");
  CHECK(box.packages == 2);
  CHECK(box.numa_nodes.size() == 4);
  CHECK(box.l3_count == 8);
  CHECK(box.cores.size() == 24);
  CHECK(processors_of(box) == 48);
  CHECK(box.cores[23].location == Location{.core = 23, .l3 = 7, .numa_node = 3, .package = 1});
}

TEST_CASE("What hwloc cannot read is named") {
  const Result<Topology> missing = topology_from_xml("/nowhere/machine.xml");
  CHECK(missing.code() == Code::system_error);
  CHECK_THAT(missing.sentence(),
             Catch::Contains("'/nowhere/machine.xml'") && Catch::Contains("No such file"));
  const Result<Topology> no_xml = topology_from_xml("/proc/self/status");
  CHECK(no_xml.code() == Code::invalid_argument);
  CHECK_THAT(no_xml.sentence(), Catch::Contains("the topology file '/proc/self/status'"));
  const Result<Topology> no_description = topology_from_synthetic("package:none");
  CHECK(no_description.code() == Code::invalid_argument);
  CHECK_THAT(no_description.sentence(), Catch::Contains("'package:none'"));
}

}  // namespace
}  // namespace bccl::test
