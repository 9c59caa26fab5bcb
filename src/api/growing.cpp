/// Communicators of the ranks of another one and of new ones.
#include <memory>

#include "api/arguments.h"
#include "api/grouping.h"
#include "api/handle.h"
#include "api/last_error.h"
#include "api/process_settings.h"
#include "comm/grow.h"

namespace bccl {
namespace {

Status get_unique_id(bcclComm_t comm, bcclUniqueId* id) {
  BCCL_TRY(check_pointer(id, "uniqueId"));
  const std::shared_ptr<Communicator> communicator = BCCL_TRY(hold(comm));
  write_id(BCCL_TRY(open_root(communicator->settings())), *id);
  return {};
}

/// What a rank gives that is to be in a larger communicator.
struct Larger {
  int ranks;
  const bcclUniqueId* id;
  int rank;
  bcclComm_t* newcomm;
  const bcclConfig_t* config;
};

Result<Growth> growth_of(const Communicator& parent, const Larger& larger) {
  BCCL_TRY(check_pointer(larger.newcomm, "newcomm"));
  if (larger.ranks <= parent.ranks())
    return fail(Code::invalid_argument, "nranks {} is not more than the {} ranks of comm", larger.ranks, parent.ranks());
  if (larger.rank != -1)
    return fail(Code::invalid_argument, "rank is {}: give -1 with a comm, whose ranks keep their numbers", larger.rank);
  Growth growth{.ranks = larger.ranks, .id = {}};
  if (larger.id != nullptr) growth.id = BCCL_TRY(read_id(*larger.id));
  return growth;
}

/// Of a rank of the parent. A wrong argument is told to the others, who would wait for it in vain.
Result<Creation> larger_of(bcclComm_t comm, const Larger& larger) {
  BCCL_TRY(communicator_of(comm));  // not finalized
  const std::shared_ptr<Communicator> parent = BCCL_TRY(hold(comm));
  BCCL_TRY(parent->check_alive());
  Result<Growth> growth = growth_of(*parent, larger);
  Result<Settings> given = child_settings(larger.config, parent->settings());
  if (growth.ok() && !given.ok()) growth = Error{given.code(), given.sentence()};
  const Settings settings = given.ok() ? std::move(given).value() : parent->settings();
  Creation grown{.comm = growth.ok() ? larger.newcomm : nullptr,
                 .nonblocking = settings.nonblocking,
                 .make = [=](const Interrupt& interrupt) { return grow(*parent, growth, settings, interrupt); },
                 .parent = comm};
  if (!growth.ok()) grown.wrong = Error{growth.code(), growth.sentence()};
  return grown;
}

/// Of a new rank.
Result<Creation> newcomer(const Larger& larger) {
  BCCL_TRY(check_pointer(larger.newcomm, "newcomm"));
  BCCL_TRY(check_place(larger.rank, larger.ranks));
  BCCL_TRY(check_pointer(larger.id, "uniqueId"));
  const UniqueId id = BCCL_TRY(read_id(*larger.id));
  const Settings settings = BCCL_TRY(communicator_settings(larger.config));
  const Caller caller{larger.rank, larger.ranks};
  return Creation{larger.newcomm, settings.nonblocking,
                  [=](const Interrupt& interrupt) { return join_as(id, caller, settings, interrupt); }};
}

Status make_larger(bcclComm_t comm, const Larger& larger) {
  if (larger.newcomm != nullptr) *larger.newcomm = nullptr;
  return ask_for(comm != nullptr ? larger_of(comm, larger) : newcomer(larger));
}

}  // namespace
}  // namespace bccl

extern "C" {

bcclResult_t bcclCommGetUniqueId(bcclComm_t comm, bcclUniqueId* uniqueId) {
  return bccl::report(bccl::get_unique_id(comm, uniqueId), comm);
}

bcclResult_t bcclCommGrow(bcclComm_t comm, int nranks, const bcclUniqueId* uniqueId, int rank, bcclComm_t* newcomm,
                          const bcclConfig_t* config) {
  return bccl::report(bccl::make_larger(comm, {nranks, uniqueId, rank, newcomm, config}), comm);
}

}  // extern "C"
