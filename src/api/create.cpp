/// Making communicators: from a unique id, for many ranks of one process, and from the launcher's environment.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <vector>

#include "api/arguments.h"
#include "api/buffers.h"
#include "api/creation.h"
#include "api/grouping.h"
#include "api/last_error.h"
#include "api/process_settings.h"
#include "api/turn.h"
#include "base/log.h"
#include "bootstrap/environment.h"
#include "bootstrap/rendezvous.h"

namespace bccl {
namespace {

Status get_unique_id(bcclUniqueId* id) {
  BCCL_TRY(check_pointer(id, "uniqueId"));
  const Settings settings = BCCL_TRY(process_settings());
  write_id(BCCL_TRY(open_root(settings)), *id);
  return {};
}

/// One rank alone needs no rendezvous.
Made create_alone(const Settings& settings) { return Communicator::create(*local_exchanges(1).front(), settings); }

Result<Creation> creation_by_id(bcclComm_t* comm, const bcclUniqueId& id, Caller caller, const bcclConfig_t* config) {
  BCCL_TRY(check_pointer(comm, "comm"));
  *comm = nullptr;
  BCCL_TRY(check_place(caller.rank, caller.ranks));
  const UniqueId unique = BCCL_TRY(read_id(id));
  const Settings settings = BCCL_TRY(communicator_settings(config));
  return Creation{comm, settings.nonblocking,
                  [=](const Interrupt& interrupt) { return join_as(unique, caller, settings, interrupt); }};
}

Status init_rank(bcclComm_t* comm, const bcclUniqueId& id, Caller caller, const bcclConfig_t* config) {
  return ask_for(creation_by_id(comm, id, caller, config));
}

Result<std::vector<Creation>> clique(bcclComm_t* comms, int count, const int* devices, const bcclConfig_t* config) {
  BCCL_TRY(check_pointer(comms, "comms"));
  BCCL_TRY(check_devices(devices, count));
  std::fill_n(comms, count, nullptr);
  const Settings settings = BCCL_TRY(communicator_settings(config));
  std::vector<Creation> creations;
  for (auto& made : local_exchanges(count)) {
    const std::shared_ptr<Exchange> exchange = std::move(made);
    creations.push_back({comms + exchange->rank(), settings.nonblocking,
                         [=](const Interrupt&) { return Communicator::create(*exchange, settings); }});
  }
  return creations;
}

Status init_all(bcclComm_t* comms, int count, const int* devices, const bcclConfig_t* config) {
  return ask_for(clique(comms, count, devices, config));
}

const char* environment(const char* name) { return std::getenv(name); }

/// This process's rank, as its launcher tells it, in the next communicator of the job.
Result<Creation> creation_from_environment(bcclComm_t* comm, const bcclConfig_t* config) {
  static std::atomic<int> generations{0};
  BCCL_TRY(check_pointer(comm, "comm"));
  *comm = nullptr;
  const Settings settings = BCCL_TRY(communicator_settings(config));
  auto launch = BCCL_TRY(launch_from(environment));
  if (!launch)
    return fail(Code::invalid_usage,
                "no launcher's variables are set (RANK and WORLD_SIZE, OMPI_COMM_WORLD_RANK, SLURM_PROCID or PMI_RANK "
                "…); start the program with `bccl run -n N -- PROGRAM`, mpirun, srun or torchrun");
  if (const auto sentence = contradiction(*launch, environment)) log(LogLevel::warn, "{}", *sentence);
  if (launch->size == 1)
    return Creation{comm, settings.nonblocking, [=](const Interrupt&) { return create_alone(settings); }};
  name_job(*launch, environment);
  const UniqueId id = BCCL_TRY(rendezvous_from(*launch, settings, environment, generations++));
  const Caller caller{launch->rank, launch->size};
  return Creation{comm, settings.nonblocking,
                  [=, turn = std::make_shared<Turn>()](const Interrupt& interrupt) -> Made {
                    BCCL_TRY(turn->await(interrupt));
                    if (caller.rank == 0) BCCL_TRY(open_root(id.addresses, id.secret));
                    return join_as(id, caller, settings, interrupt);
                  }};
}

Status init_from_environment(bcclComm_t* comm, const bcclConfig_t* config) {
  return ask_for(creation_from_environment(comm, config));
}

}  // namespace
}  // namespace bccl

extern "C" {

bcclResult_t bcclGetUniqueId(bcclUniqueId* uniqueId) { return bccl::report(bccl::get_unique_id(uniqueId)); }

bcclResult_t bcclCommInitRank(bcclComm_t* comm, int nranks, bcclUniqueId commId, int rank) {
  return bccl::report(bccl::init_rank(comm, commId, {rank, nranks}, nullptr));
}

bcclResult_t bcclCommInitRankConfig(bcclComm_t* comm, int nranks, bcclUniqueId commId, int rank,
                                    const bcclConfig_t* config) {
  return bccl::report(bccl::init_rank(comm, commId, {rank, nranks}, config));
}

bcclResult_t bcclCommInitAll(bcclComm_t* comms, int ndev, const int* devlist) {
  return bccl::report(bccl::init_all(comms, ndev, devlist, nullptr));
}

bcclResult_t bcclCommInitAllConfig(bcclComm_t* comms, int ndev, const int* devlist, const bcclConfig_t* config) {
  return bccl::report(bccl::init_all(comms, ndev, devlist, config));
}

bcclResult_t bcclCommInitFromEnv(bcclComm_t* comm) {
  return bccl::report(bccl::init_from_environment(comm, nullptr));
}

bcclResult_t bcclCommInitFromEnvConfig(bcclComm_t* comm, const bcclConfig_t* config) {
  return bccl::report(bccl::init_from_environment(comm, config));
}

}  // extern "C"
