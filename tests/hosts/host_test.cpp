// What hosts share with each other, and what they do not.
#include <catch2/catch.hpp>
#include <unistd.h>

#include "../support/process_view.h"
#include "../support/processes.h"
#include "hosts.h"

namespace bccl::test {
namespace {

std::string output_of(Host& host, const std::string& script) {
  const Outcome outcome = host.run({"sh", "-c", script}).end();
  INFO(outcome.errors);
  CHECK(outcome.status == 0);
  return outcome.output;
}

TEST_CASE("A host has a name and a boot id of its own, and keeps them") {
  Hosts hosts{2};
  CHECK(output_of(hosts[0], "hostname; uname -n; cat /proc/sys/kernel/hostname") == "host0\nhost0\nhost0\n");
  CHECK(output_of(hosts[1], "hostname") == "host1\n");
  const std::string read_boot_id = "cat /proc/sys/kernel/random/boot_id";
  const std::string first = output_of(hosts[0], read_boot_id), second = output_of(hosts[1], read_boot_id);
  CHECK(first.size() == 37);
  CHECK(first != second);
  CHECK(first == output_of(hosts[0], read_boot_id));
  CHECK(first != outcome_of({.words = {"cat", "/proc/sys/kernel/random/boot_id"}}).output);
}

TEST_CASE("Memory that programs share by name is one host's") {
  Hosts hosts{2};
  CHECK(output_of(hosts[0], "echo mine >/dev/shm/bccl-hosts-test; ipcmk -M 4096 >/dev/null; ls /dev/shm") ==
        "bccl-hosts-test\n");
  CHECK(output_of(hosts[0], "cat /dev/shm/bccl-hosts-test; ipcs -m | grep -c 0x") == "mine\n1\n");
  CHECK(output_of(hosts[1], "ls /dev/shm; ipcs -m | grep -c 0x || true") == "0\n");
  CHECK(access("/dev/shm/bccl-hosts-test", F_OK) != 0);
}

TEST_CASE("A host sees its own processes only") {
  Hosts hosts{2};
  Started sleeper = hosts[0].run({"sleep", "1000"});
  const std::string sleepers = "cat /proc/[0-9]*/comm | grep -c sleep || true";
  CHECK(holds_within_ms(patience_ms, [&] { return output_of(hosts[0], sleepers) == "1\n"; }));
  CHECK(output_of(hosts[1], sleepers) == "0\n");
  CHECK(output_of(hosts[1], "cat /proc/1/comm") == "host1\n");
}

TEST_CASE("A host has network devices of its own, and nothing of the machine's") {
  Hosts hosts{2, std::vector<Link>{Link{}, Link{.delay_us = 0}}};
  CHECK(output_of(hosts[1], "ls /sys/class/net") == "eth0\neth1\nlo\n");
  CHECK(output_of(hosts[1], "ip -o route show table main | cut -d' ' -f1-3") ==
        "10.77.1.0/24 dev eth0\n10.77.2.0/24 dev eth1\n");
}

TEST_CASE("Hosts know each other by name") {
  Hosts hosts{2};
  CHECK_THAT(output_of(hosts[0], "getent ahostsv4 host1"), Catch::StartsWith(hosts[1].address() + " "));
  CHECK_THAT(output_of(hosts[0], "getent ahostsv6 host1"), Catch::StartsWith(hosts[1].address6() + " "));
}

TEST_CASE("A program on a host is run as a test's program is") {
  Hosts hosts{1};
  char directory[4096];
  REQUIRE(getcwd(directory, sizeof directory) != nullptr);
  const Outcome outcome =
      hosts[0]
          .run({.words = {"sh", "-c", "pwd; echo $GREETING; cat; echo gone wrong >&2; exit 7"},
                .environment = {"GREETING=hello"},
                .input = "read\n"})
          .end();
  CHECK(outcome.output == std::string(directory) + "\nhello\nread\n");
  CHECK(outcome.errors == "gone wrong\n");
  CHECK(outcome.status == 7);
  CHECK(hosts[0].run({"no-such-program-anywhere"}).end().status == 127);
}

TEST_CASE("Hosts leave no descriptor and no thread of the test's behind") {
  const int descriptors = open_descriptors(), threads = running_threads();
  {
    Hosts hosts{3, Link{.delay_us = 10}};
    CHECK(output_of(hosts[2], "hostname") == "host2\n");
    CHECK(open_descriptors() > descriptors);
    CHECK(running_threads() == threads + 6);
  }
  CHECK(open_descriptors() == descriptors);
  CHECK(running_threads() == threads);
}

TEST_CASE("Counts of hosts and networks have limits") {
  CHECK_THROWS_WITH(Hosts(0), Catch::Contains("0 hosts: from 1 to 200"));
  CHECK_THROWS_WITH(Hosts(Hosts::hosts_max + 1), Catch::Contains("201 hosts"));
  CHECK_THROWS_WITH(Hosts(1, std::vector<Link>(9)), Catch::Contains("9 networks: from 1 to 8"));
}

}  // namespace
}  // namespace bccl::test
