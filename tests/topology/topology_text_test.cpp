#include "topology/topology_text.h"

#include <catch2/catch.hpp>

#include "machines.h"

namespace bccl::test {
namespace {

TEST_CASE("A topology reads as a tree of what holds what") {
  CHECK(to_text(machine("three_gpus")) ==
        R"(host trio: AMD EPYC 7763, 512.0 GiB
└─ package 0
   ├─ NUMA node 0: 256.0 GiB
   │  ├─ L3 0, 32 MiB: 2 cores, processors 0-1
   │  ├─ L3 1, 32 MiB: 2 cores, processors 2-3
   │  ├─ device 0: AMD 1002:740f, class 0380, PCI 0000:21:00.0 below 0000:20 → 0000:20:01.1, nearest NIC ens3f0np0
   │  ├─ device 1: AMD 1002:740f, class 0380, PCI 0000:22:00.0 below 0000:20 → 0000:20:02.1, nearest NIC ens3f1np1
   │  ├─ NIC ens3f0np0: up, RDMA mlx5_0, PCI 0000:25:00.0 below 0000:20 → 0000:20:03.1
   │  └─ NIC ens3f1np1: up, RDMA mlx5_1, PCI 0000:25:00.1 below 0000:20 → 0000:20:03.1
   └─ NUMA node 1: 256.0 GiB
      ├─ L3 2, 32 MiB: 2 cores, processors 4-5
      ├─ L3 3, 32 MiB: 2 cores, processors 6-7
      ├─ device 2: AMD 1002:740f, class 0380, PCI 0000:61:00.0 below 0000:60 → 0000:60:01.1, nearest NIC mlx5_2
      ├─ NIC mlx5_2: up, RDMA mlx5_2, PCI 0000:65:00.0 below 0000:60 → 0000:60:03.1
      └─ NIC mlx5_3: down, RDMA mlx5_3, PCI 0000:65:00.1 below 0000:60 → 0000:60:03.1
)");
}

TEST_CASE("Everything stands in the tree once, wherever it is attached") {
  Topology box = machine("three_gpus");
  box.numa_nodes[1].package = -1;
  box.devices[0].location = {};
  box.devices[1].location = {.package = 0};
  Nic& loopback = box.nics.emplace_back();
  loopback.name = "lo";
  loopback.loopback = true;
  loopback.addresses = {"127.0.0.1", "::1"};
  box.nics[0].speed_mbps = 2'500;
  box.cores[0].location.numa_node = -1;
  const std::string text = to_text(box);
  INFO(text);
  const auto count = [&](const std::string& word) {
    size_t found = 0;
    for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
    return found;
  };
  for (const char* each : {"device 0:", "device 1:", "device 2:", "NIC ens3f0np0:", "NIC ens3f1np1:",
                           "NIC mlx5_2:", "NIC mlx5_3:", "NUMA node 0:", "NUMA node 1:"})
    CHECK(count(each) == 1);
  CHECK(count("├─ NIC lo: up, loopback, 127.0.0.1, ::1") + count("└─ NIC lo: up, loopback, 127.0.0.1, ::1") ==
        1);
  CHECK(count("2.5 Gbit/s") == 1);
  CHECK(count("1 core, processors 0\n") == 1);
  CHECK(count("1 core, processors 1\n") == 1);
}

}  // namespace
}  // namespace bccl::test
