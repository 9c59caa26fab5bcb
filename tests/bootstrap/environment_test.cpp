#include "bootstrap/environment.h"

#include <map>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "ranks.h"

namespace bccl::test {
namespace {

using Catch::Contains;
using Environment = std::map<std::string, std::string>;

Lookup from(Environment environment) {
  return [environment = std::move(environment)](const char* name) -> const char* {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  };
}

Environment with(Environment environment, const Environment& more) {
  for (const auto& [name, value] : more) environment[name] = value;
  return environment;
}

const Environment torchrun{{"RANK", "3"},
                           {"WORLD_SIZE", "8"},
                           {"LOCAL_RANK", "1"},
                           {"MASTER_PORT", "29500"},
                           {"MASTER_ADDR", "127.0.0.1"}};
const Environment openmpi{{"OMPI_COMM_WORLD_RANK", "2"},
                          {"OMPI_COMM_WORLD_SIZE", "4"},
                          {"OMPI_COMM_WORLD_LOCAL_RANK", "2"},
                          {"OMPI_COMM_WORLD_LOCAL_SIZE", "4"},
                          {"PMIX_RANK", "2"},
                          {"OMPI_MCA_ess_base_jobid", "1904803841"},
                          {"OMPI_MCA_orte_precondition_transports", "4d76f4ec30b02edd-b4d5bedcf1f06b42"}};
const Environment slurm{
    {"SLURM_PROCID", "5"}, {"SLURM_NTASKS", "6"}, {"SLURM_LOCALID", "1"}, {"SLURM_JOB_ID", "99"}};
const Environment mpich{
    {"PMI_RANK", "0"}, {"PMI_SIZE", "2"}, {"MPI_LOCALRANKID", "0"}, {"MPI_LOCALNRANKS", "2"}};

Launch launch_of(const Environment& environment) {
  auto launch = launch_from(from(environment));
  INFO(launch.sentence());
  REQUIRE(launch.ok());
  REQUIRE(launch.value());
  return *launch.value();
}

std::string refusal_of(const Environment& environment) {
  const auto launch = launch_from(from(environment));
  CHECK(launch.code() == Code::invalid_usage);
  return launch.sentence();
}

UniqueId meeting_of(const Environment& environment, const Settings& settings = {}, int generation = 0) {
  auto id = rendezvous_from(launch_of(environment), settings, from(environment), generation);
  INFO(id.sentence());
  REQUIRE(id.ok());
  return std::move(id).value();
}

TEST_CASE("a process that nobody launched has no launch") {
  const auto launch = launch_from(from({{"PATH", "/bin"}, {"MASTER_ADDR", "node1"}}));
  REQUIRE(launch.ok());
  CHECK_FALSE(launch.value());
}

TEST_CASE("each launcher's variables are understood") {
  const auto check = [](const Environment& environment, const char* launcher, int rank, int size,
                        int local_rank) {
    const Launch launch = launch_of(environment);
    CHECK(launch.launcher == launcher);
    CHECK(launch.rank == rank);
    CHECK(launch.size == size);
    CHECK(launch.local_rank == local_rank);
  };
  check(torchrun, "torchrun", 3, 8, 1);
  check(openmpi, "openmpi", 2, 4, 2);
  check(slurm, "slurm", 5, 6, 1);
  check(mpich, "pmi", 0, 2, 0);
}

TEST_CASE("where several launchers were at work the innermost counts") {
  CHECK(launch_of(with(slurm, torchrun)).launcher == "torchrun");
  CHECK(launch_of(with(slurm, openmpi)).launcher == "openmpi");
  CHECK(launch_of(with(mpich, slurm)).launcher == "slurm");
}

TEST_CASE("launchers that contradict each other are both named") {
  const auto sentence = [](const Environment& environment) {
    return contradiction(launch_of(environment), from(environment)).value_or("");
  };
  for (const char* word : {"RANK=3", "WORLD_SIZE=8", "OMPI_COMM_WORLD_RANK=2", "OMPI_COMM_WORLD_SIZE=4"})
    CHECK_THAT(sentence(with(openmpi, torchrun)), Contains(word));
  CHECK_THAT(sentence(with(mpich, openmpi)), Contains("PMIX_RANK") || Contains("PMI_RANK=0"));
  // All of one mind; a Slurm task that starts ranks of its own; a leftover.
  CHECK(sentence(openmpi).empty());
  CHECK(sentence(with(torchrun, {{"PMI_RANK", "3"}, {"PMI_SIZE", "8"}})).empty());
  CHECK(sentence(with(slurm, torchrun)).empty());
  CHECK(sentence(with(torchrun, {{"PMI_SIZE", "2"}})).empty());
}

TEST_CASE("a launcher that names no jobs is told from others by its process") {
  Launch launch = launch_of(mpich);
  CHECK(launch.job.empty());
  name_job(launch, from(mpich));
  // The test program has no PMI_RANK of its own, and so its parent is what started it.
  CHECK_THAT(launch.job, Catch::StartsWith("process " + std::to_string(getppid()) + " of "));

  for (const Environment& named : {torchrun, openmpi, slurm, with(mpich, {{"PMI_JOBID", "7"}})}) {
    Launch other = launch_of(named);
    const std::string job = other.job;
    name_job(other, from(named));
    CHECK(other.job == job);
  }
}

TEST_CASE("the tasks of a Slurm step count, not those of its allocation") {
  CHECK(launch_of(with(slurm, {{"SLURM_STEP_NUM_TASKS", "7"}})).size == 7);
}

TEST_CASE("a shell inside a Slurm allocation is no rank") {
  const auto launch = launch_from(from({{"SLURM_NTASKS", "6"}, {"SLURM_JOB_ID", "99"}}));
  REQUIRE(launch.ok());
  CHECK_FALSE(launch.value());
}

TEST_CASE("an incomplete environment is an error that names what is missing") {
  CHECK_THAT(refusal_of({{"RANK", "0"}}), Contains("WORLD_SIZE is not set"));
  CHECK_THAT(refusal_of({{"WORLD_SIZE", "2"}}), Contains("RANK is not set"));
  CHECK_THAT(refusal_of({{"WORLD_SIZE", "2"}, {"RANK", ""}}), Contains("RANK is not set"));
  CHECK_THAT(refusal_of({{"OMPI_COMM_WORLD_RANK", "0"}}), Contains("OMPI_COMM_WORLD_SIZE is not set"));
  CHECK_THAT(refusal_of({{"SLURM_PROCID", "0"}}), Contains("SLURM_STEP_NUM_TASKS is not set"));
  CHECK_THAT(refusal_of({{"PMI_SIZE", "2"}}), Contains("PMI_RANK is not set"));
  CHECK_THAT(refusal_of({{"PMIX_RANK", "1"}}), Contains("PMI_SIZE is not set"));
}

TEST_CASE("a variable that is no number is an error that names it and its value") {
  for (const char* bad : {"x", "-1", "1x", "99999999999", " 1"}) {
    CAPTURE(bad);
    CHECK_THAT(refusal_of(with(torchrun, {{"RANK", bad}})), Contains("RANK=\"" + std::string(bad) + "\""));
  }
}

TEST_CASE("variables that contradict each other are both named") {
  CHECK_THAT(refusal_of(with(torchrun, {{"RANK", "8"}})), Contains("RANK=8 contradicts WORLD_SIZE=8"));
  CHECK_THAT(refusal_of(with(torchrun, {{"LOCAL_RANK", "8"}})),
             Contains("LOCAL_RANK=8 contradicts WORLD_SIZE=8"));
  CHECK_THAT(refusal_of({{"RANK", "0"}, {"WORLD_SIZE", "0"}}), Contains("contradicts"));
}

TEST_CASE("all ranks of a job find the same place and secret") {
  const UniqueId zero = meeting_of(with(torchrun, {{"RANK", "0"}, {"LOCAL_RANK", "0"}}));
  CHECK(meeting_of(torchrun) == zero);
}

TEST_CASE("a port is derived in the documented range, and is not the launcher's own") {
  for (int port = 19990; port < 30010; port += 7) {
    const UniqueId id = meeting_of(with(torchrun, {{"MASTER_PORT", std::to_string(port)}}));
    REQUIRE(id.addresses.size() == 1);
    CHECK(id.addresses[0].port >= 20000);
    CHECK(id.addresses[0].port <= 29999);
    CHECK(id.addresses[0].port != port);
  }
}

TEST_CASE("jobs of different ids meet at different ports") {
  const auto port_of = [](const char* job) {
    return meeting_of(with(slurm, {{"SLURM_JOB_ID", job}})).addresses.at(0).port;
  };
  CHECK(port_of("99") == port_of("99"));
  CHECK(port_of("99") != port_of("100"));
}

TEST_CASE("without a master's address the ranks of one host meet on loopback") {
  for (const Environment& environment : {openmpi, slurm, mpich}) {
    const UniqueId id = meeting_of(environment);
    REQUIRE(id.addresses.size() == 1);
    CHECK(id.addresses[0] == loopback(id.addresses[0].port));
  }
}

TEST_CASE("ranks on several hosts without a master's address are told what to set") {
  for (const Environment& environment :
       {with(openmpi, {{"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}}), with(slurm, {{"SLURM_NNODES", "2"}}),
        with(mpich, {{"MPI_LOCALNRANKS", "1"}})}) {
    const auto id = rendezvous_from(launch_of(environment), {}, from(environment), 0);
    CHECK(id.code() == Code::invalid_usage);
    CHECK_THAT(id.sentence(), Contains("BCCL_COMM_ID=host:port"));
  }
}

TEST_CASE("BCCL_COMM_ID decides where the ranks meet") {
  Settings settings;
  settings.comm_id = "127.0.0.1:4000";
  CHECK(meeting_of(torchrun, settings).addresses == std::vector{loopback(4000)});
  settings.comm_id = "127.0.0.1";
  const auto id = rendezvous_from(launch_of(torchrun), settings, from(torchrun), 0);
  CHECK(id.code() == Code::invalid_argument);
  CHECK_THAT(id.sentence(), Contains("BCCL_COMM_ID"));
}

TEST_CASE("rank 0 listens everywhere under a name whose address others may see differently") {
  Settings settings;
  settings.comm_id = "node1.example:4000";
  const UniqueId id = meeting_of(with(torchrun, {{"RANK", "0"}}), settings);
  const Address any4{.port = 4000}, any6{.ipv6 = true, .port = 4000};
  CHECK(id.addresses == std::vector{any4, any6});
}

TEST_CASE("an IPv6 master needs no brackets") {
  const UniqueId id = meeting_of(with(torchrun, {{"MASTER_ADDR", "::1"}}));
  REQUIRE(id.addresses.size() == 1);
  CHECK(id.addresses[0].ipv6);
}

TEST_CASE("each communicator of a process has a secret of its own") {
  CHECK(meeting_of(torchrun, {}, 0).secret == meeting_of(torchrun, {}, 0).secret);
  CHECK(meeting_of(torchrun, {}, 0).secret != meeting_of(torchrun, {}, 1).secret);
}

TEST_CASE("the secret depends on BCCL_SECRET") {
  Settings one, other;
  one.secret = "open sesame";
  other.secret = "open barley";
  CHECK(meeting_of(torchrun, one).secret == meeting_of(torchrun, one).secret);
  CHECK(meeting_of(torchrun, one).secret != meeting_of(torchrun, other).secret);
  CHECK(meeting_of(torchrun, one).secret != meeting_of(torchrun).secret);
}

TEST_CASE("the secret depends on what Open MPI tells its processes alone") {
  const Environment other = with(openmpi, {{"OMPI_MCA_orte_precondition_transports", "0-0"}});
  CHECK(meeting_of(openmpi).secret != meeting_of(other).secret);
  CHECK(meeting_of(openmpi).addresses == meeting_of(other).addresses);
}

}  // namespace
}  // namespace bccl::test
