#include "bootstrap/environment.h"

#include <charconv>
#include <span>

#include <unistd.h>

#include "bootstrap/authenticate.h"
#include "net/packing.h"
#include "bootstrap/process.h"
#include "bootstrap/root_address.h"

namespace bccl {
namespace {

constexpr int derived_port_min = 20000;
constexpr int derived_ports = 10000;  // up to 29999: below the range the system hands out by itself

using Names = std::span<const char* const>;

/// What a launcher calls things. Of several names the first that is set counts.
struct Launcher {
  const char* name;
  Names rank;
  Names size;
  Names local_rank;
  Names local_size;
  Names job;     ///< All of them together tell the job from others.
  Names secret;  ///< … and these no other user can see.
};

constexpr const char* torchrun_rank[] = {"RANK"};
constexpr const char* torchrun_size[] = {"WORLD_SIZE"};
constexpr const char* torchrun_local_rank[] = {"LOCAL_RANK"};
constexpr const char* torchrun_local_size[] = {"LOCAL_WORLD_SIZE"};
constexpr const char* torchrun_job[] = {"MASTER_ADDR", "MASTER_PORT", "TORCHELASTIC_RUN_ID"};

constexpr const char* openmpi_rank[] = {"OMPI_COMM_WORLD_RANK"};
constexpr const char* openmpi_size[] = {"OMPI_COMM_WORLD_SIZE"};
constexpr const char* openmpi_local_rank[] = {"OMPI_COMM_WORLD_LOCAL_RANK"};
constexpr const char* openmpi_local_size[] = {"OMPI_COMM_WORLD_LOCAL_SIZE"};
constexpr const char* openmpi_job[] = {"PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid"};
constexpr const char* openmpi_secret[] = {"OMPI_MCA_orte_precondition_transports"};

// A shell inside an allocation has SLURM_NTASKS, too, without being a rank: here the rank alone decides.
constexpr const char* slurm_rank[] = {"SLURM_PROCID"};
constexpr const char* slurm_size[] = {"SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"};
constexpr const char* slurm_local_rank[] = {"SLURM_LOCALID"};
constexpr const char* slurm_job[] = {"SLURM_JOB_ID", "SLURM_STEP_ID"};

constexpr const char* pmi_rank[] = {"PMI_RANK", "PMIX_RANK"};
constexpr const char* pmi_size[] = {"PMI_SIZE"};
constexpr const char* pmi_local_rank[] = {"MPI_LOCALRANKID"};
constexpr const char* pmi_local_size[] = {"MPI_LOCALNRANKS"};
constexpr const char* pmi_job[] = {"PMIX_NAMESPACE", "PMI_JOBID"};

constexpr Launcher launchers[] = {
    {"torchrun", torchrun_rank, torchrun_size, torchrun_local_rank, torchrun_local_size, torchrun_job, {}},
    {"openmpi", openmpi_rank, openmpi_size, openmpi_local_rank, openmpi_local_size, openmpi_job,
     openmpi_secret},
    {"slurm", slurm_rank, slurm_size, slurm_local_rank, {}, slurm_job, {}},
    {"pmi", pmi_rank, pmi_size, pmi_local_rank, pmi_local_size, pmi_job, {}},
};

std::string value_of(const Lookup& lookup, const char* name) {
  const char* value = lookup(name);
  return value == nullptr ? "" : value;
}

/// The first of the names that is set and not empty, or null.
const char* given(const Lookup& lookup, Names names) {
  for (const char* name : names)
    if (!value_of(lookup, name).empty()) return name;
  return nullptr;
}

Result<int> number(const Lookup& lookup, const char* name) {
  const std::string text = value_of(lookup, name);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0)
    return fail(Code::invalid_usage, "{}=\"{}\" is not a count: the launcher's environment is damaged", name,
                text);
  return value;
}

bool was_launched_by(const Launcher& launcher, const Lookup& lookup) {
  if (given(lookup, launcher.rank) != nullptr) return true;
  return launcher.name != std::string_view{"slurm"} && given(lookup, launcher.size) != nullptr;
}

/// The value of the first name that is set; an error if there is none.
Result<int> required(const Launcher& launcher, const Lookup& lookup, Names names) {
  const char* name = given(lookup, names);
  if (name == nullptr)
    return fail(Code::invalid_usage,
                "the environment looks like {}'s, but {} is not set: set it, or pass rank and size",
                launcher.name, names.front());
  return number(lookup, name);
}

Result<std::optional<Launch>> read_launch(const Launcher& launcher, const Lookup& lookup) {
  Launch launch;
  launch.launcher = launcher.name;
  launch.rank = BCCL_TRY(required(launcher, lookup, launcher.rank));
  launch.size = BCCL_TRY(required(launcher, lookup, launcher.size));
  if (launch.rank >= launch.size)
    return fail(Code::invalid_usage, "{}={} contradicts {}={}: ranks count from 0",
                given(lookup, launcher.rank), launch.rank, given(lookup, launcher.size), launch.size);
  if (const char* name = given(lookup, launcher.local_rank)) {
    launch.local_rank = BCCL_TRY(number(lookup, name));
    if (launch.local_rank >= launch.size)
      return fail(Code::invalid_usage, "{}={} contradicts {}={}: ranks count from 0", name, launch.local_rank,
                  given(lookup, launcher.size), launch.size);
  }
  if (given(lookup, launcher.job) != nullptr)
    for (const char* name : launcher.job) launch.job += value_of(lookup, name) + '/';
  return std::optional{launch};
}

const Launcher* launcher_named(std::string_view name) {
  for (const Launcher& launcher : launchers)
    if (launcher.name == name) return &launcher;
  return nullptr;
}

/// Whether the launcher says that some ranks are on other hosts; where it says nothing they are taken to be
/// here.
bool spans_hosts(const Launch& launch, const Lookup& lookup) {
  const Launcher* launcher = launcher_named(launch.launcher);
  if (launcher == nullptr) return false;
  if (const char* name = given(lookup, launcher->local_size)) {
    const auto local_size = number(lookup, name);
    return local_size.ok() && local_size.value() < launch.size;
  }
  constexpr const char* slurm_nodes[] = {"SLURM_STEP_NUM_NODES", "SLURM_NNODES"};
  const char* name = launch.launcher == "slurm" ? given(lookup, slurm_nodes) : nullptr;
  return name != nullptr && value_of(lookup, name) != "1";
}

uint16_t derived_port(const Launch& launch, const std::string& master_port) {
  const Tag hash = hash_of(Packer{}.raw("bccl port/").raw(launch.job).raw("/").raw(master_port).take());
  const int offset = (hash[0] | hash[1] << 8 | hash[2] << 16) % derived_ports;
  const auto port = static_cast<uint16_t>(derived_port_min + offset);
  if (std::to_string(port) != master_port) return port;
  return static_cast<uint16_t>(derived_port_min + (offset + 1) % derived_ports);
}

/// Rank 0 listens everywhere if it was given a name: what its own host resolves that to (127.0.1.1, say) need
/// not be where the others look for it.
Result<std::vector<Address>> addresses_at(const std::string& place, int rank) {
  const HostAndPort at = BCCL_TRY(split_address(place));
  if (rank != 0 || at.numeric || at.host == "localhost") return parse_address(place);
  return std::vector<Address>{{.ipv6 = false, .port = at.port}, {.ipv6 = true, .port = at.port}};
}

Result<std::vector<Address>> meeting_place(const Launch& launch, const Settings& settings,
                                               const Lookup& lookup) {
  if (!settings.comm_id.empty()) {
    const auto addresses = addresses_at(settings.comm_id, launch.rank);
    if (!addresses.ok()) return fail(addresses.code(), "BCCL_COMM_ID: {}", addresses.sentence());
    return addresses;
  }
  std::string host = value_of(lookup, "MASTER_ADDR");
  if (host.empty() && spans_hosts(launch, lookup))
    return fail(
        Code::invalid_usage,
        "rank {} of {}: the ranks are on several hosts, so say where rank 0 listens: BCCL_COMM_ID=host:port",
        launch.rank, launch.size);
  if (host.empty()) host = "127.0.0.1";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return addresses_at(fmt::format("{}:{}", host, derived_port(launch, value_of(lookup, "MASTER_PORT"))),
                      launch.rank);
}

Secret derived_secret(const Launch& launch, const Settings& settings, const Lookup& lookup, int generation) {
  Packer known;
  known.raw("bccl rendezvous through the environment/").raw(launch.launcher).raw("/").raw(launch.job).u8(0);
  known.u32(static_cast<uint32_t>(launch.size)).u32(static_cast<uint32_t>(generation));
  if (!settings.secret.empty()) return keyed_hash(hash_of(settings.secret), known.take());
  std::string private_part = fmt::format("user {}", getuid());
  if (const Launcher* launcher = launcher_named(launch.launcher))
    for (const char* name : launcher->secret) private_part.append("/").append(value_of(lookup, name));
  return keyed_hash(hash_of(private_part), known.take());
}

}  // namespace

Result<std::optional<Launch>> launch_from(const Lookup& lookup) {
  for (const Launcher& launcher : launchers)
    if (was_launched_by(launcher, lookup)) return read_launch(launcher, lookup);
  return std::optional<Launch>{};
}

std::optional<std::string> contradiction(const Launch& launch, const Lookup& lookup) {
  for (const Launcher& other : launchers) {
    // A Slurm task may well start another launcher. Half a set of variables is a leftover.
    if (launch.launcher == other.name || other.name == std::string_view{"slurm"}) continue;
    const char* rank = given(lookup, other.rank);
    const char* size = given(lookup, other.size);
    if (rank == nullptr || size == nullptr) continue;
    if (value_of(lookup, rank) == std::to_string(launch.rank) &&
        value_of(lookup, size) == std::to_string(launch.size))
      continue;
    const Launcher& chosen = *launcher_named(launch.launcher);
    return fmt::format(
        "{}={} and {}={} make this rank {} of {}, but {}={} and {}={} are set, too: unset those of the "
        "launcher that did not start these ranks",
        given(lookup, chosen.rank), launch.rank, given(lookup, chosen.size), launch.size, launch.rank,
        launch.size, rank, value_of(lookup, rank), size, value_of(lookup, size));
  }
  return std::nullopt;
}

void name_job(Launch& launch, const Lookup& lookup) {
  // Ranks that people start by hand, with torchrun's variables, need have no ancestor in common.
  if (!launch.job.empty() || launch.launcher != "pmi" || spans_hosts(launch, lookup)) return;
  launch.job = launching_process(given(lookup, launcher_named(launch.launcher)->rank));
}

Result<UniqueId> rendezvous_from(const Launch& launch, const Settings& settings, const Lookup& lookup,
                                 int generation) {
  UniqueId id;
  id.addresses = BCCL_TRY(meeting_place(launch, settings, lookup));
  id.secret = derived_secret(launch, settings, lookup, generation);
  return id;
}

}  // namespace bccl
