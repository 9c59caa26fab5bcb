/// Making communicators: from a unique id, for many ranks of one process, and from the launcher's environment.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <system_error>
#include <thread>
#include <vector>

#include "api/arguments.h"
#include "api/grouping.h"
#include "api/handle.h"
#include "api/last_error.h"
#include "api/process_settings.h"
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
Result<std::unique_ptr<Communicator>> create_alone(const Settings& settings) {
  return Communicator::create(*local_exchanges(1).front(), settings);
}

Result<bcclComm_t> join_as(const UniqueId& id, int rank, int ranks, const Settings& settings) {
  auto exchange = BCCL_TRY(join(id, rank, ranks, Deadline::after_ms(settings.bootstrap_timeout_ms)));
  return open_handle(BCCL_TRY(Communicator::create(*exchange, settings)));
}

Status init_rank(bcclComm_t* comm, int ranks, const bcclUniqueId& id, int rank, const bcclConfig_t* config) {
  BCCL_TRY(check_pointer(comm, "comm"));
  *comm = nullptr;
  BCCL_TRY(not_in_group("bcclCommInitRank"));
  BCCL_TRY(check_place(rank, ranks));
  const UniqueId unique = BCCL_TRY(read_id(id));
  const Settings settings = BCCL_TRY(communicator_settings(config));
  *comm = BCCL_TRY(join_as(unique, rank, ranks, settings));
  return {};
}

Status init_all(bcclComm_t* comms, int count, const int* devices, const bcclConfig_t* config) {
  BCCL_TRY(check_pointer(comms, "comms"));
  BCCL_TRY(not_in_group("bcclCommInitAll"));
  BCCL_TRY(check_devices(devices, count));
  std::fill_n(comms, count, nullptr);
  const Settings settings = BCCL_TRY(communicator_settings(config));
  auto exchanges = local_exchanges(count);
  std::vector<Result<std::unique_ptr<Communicator>>> made;
  for (int rank = 0; rank < count; ++rank) made.emplace_back(std::unique_ptr<Communicator>());
  // Creation is collective, so every rank needs a thread for its length.
  std::vector<std::thread> others;
  try {
    for (int rank = 1; rank < count; ++rank)
      others.emplace_back([&, rank] { made[size_t(rank)] = Communicator::create(*exchanges[size_t(rank)], settings); });
  } catch (const std::system_error& error) {  // the ranks without a thread leave, which ends the others' creation
    const size_t without = others.size() + 1;
    made[without] = fail_errno(error.code().value(), fmt::format("cannot start a thread for rank {}", without));
    exchanges.resize(without);
  }
  made[0] = Communicator::create(*exchanges[0], settings);
  for (std::thread& other : others) other.join();
  for (auto& one : made)
    if (!one.ok()) return std::move(one).take_error();
  for (int rank = 0; rank < count; ++rank) comms[rank] = open_handle(std::move(made[size_t(rank)]).value());
  return {};
}

const char* environment(const char* name) { return std::getenv(name); }

Status init_from_environment(bcclComm_t* comm, const bcclConfig_t* config) {
  static std::atomic<int> generations{0};
  BCCL_TRY(check_pointer(comm, "comm"));
  *comm = nullptr;
  BCCL_TRY(not_in_group("bcclCommInitFromEnv"));
  const Settings settings = BCCL_TRY(communicator_settings(config));
  auto launch = BCCL_TRY(launch_from(environment));
  if (!launch)
    return fail(Code::invalid_usage,
                "no launcher's variables are set (RANK and WORLD_SIZE, OMPI_COMM_WORLD_RANK, SLURM_PROCID or PMI_RANK "
                "…); start the program with `bccl run -n N -- PROGRAM`, mpirun, srun or torchrun");
  if (const auto sentence = contradiction(*launch, environment)) log(LogLevel::warn, "{}", *sentence);
  if (launch->size == 1) {
    *comm = open_handle(BCCL_TRY(create_alone(settings)));
    return {};
  }
  name_job(*launch, environment);
  const UniqueId id = BCCL_TRY(rendezvous_from(*launch, settings, environment, generations++));
  if (launch->rank == 0) BCCL_TRY(open_root(id.addresses, id.secret));
  *comm = BCCL_TRY(join_as(id, launch->rank, launch->size, settings));
  return {};
}

}  // namespace
}  // namespace bccl

extern "C" {

bcclResult_t bcclGetUniqueId(bcclUniqueId* uniqueId) { return bccl::report(bccl::get_unique_id(uniqueId)); }

bcclResult_t bcclCommInitRank(bcclComm_t* comm, int nranks, bcclUniqueId commId, int rank) {
  return bccl::report(bccl::init_rank(comm, nranks, commId, rank, nullptr));
}

bcclResult_t bcclCommInitRankConfig(bcclComm_t* comm, int nranks, bcclUniqueId commId, int rank,
                                    const bcclConfig_t* config) {
  return bccl::report(bccl::init_rank(comm, nranks, commId, rank, config));
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
