/// Communicators that come of other ones.
#include <memory>
#include <vector>

#include "api/arguments.h"
#include "api/grouping.h"
#include "api/handle.h"
#include "api/last_error.h"
#include "api/process_settings.h"
#include "bootstrap/rendezvous.h"
#include "comm/grow.h"
#include "comm/shrink.h"
#include "comm/split.h"

namespace bccl {
namespace {

Result<Destination> destination_of(int color, int key) {
  if (color == BCCL_SPLIT_NOCOLOR) return Destination{};
  if (color < 0)
    return fail(Code::invalid_argument, "color {} is negative: give 0 or more, or BCCL_SPLIT_NOCOLOR ({}) to join none", color,
                BCCL_SPLIT_NOCOLOR);
  return Destination{color, key};
}

/// What one rank gives for its child.
struct Wish {
  Errand errand;
  Result<Destination> destination;
  bcclComm_t* newcomm;
  const bcclConfig_t* config;
};

Status make_child(bcclComm_t comm, Wish wish) {
  if (wish.newcomm != nullptr) *wish.newcomm = nullptr;
  BCCL_TRY(not_in_group(name_of(wish.errand)));
  const Stay stay = BCCL_TRY(Stay::enter(comm));
  Communicator& parent = stay.communicator();
  // A wrong argument of this rank is told to the others, who would wait for it in vain.
  Result<Settings> settings = child_settings(wish.config, parent.settings());
  Status present = check_pointer(wish.newcomm, "newcomm");
  if (wish.destination.ok() && !settings.ok()) wish.destination = std::move(settings).take_error();
  if (wish.destination.ok() && !present.ok()) wish.destination = std::move(present).take_error();
  std::unique_ptr<Communicator> child =
      BCCL_TRY(split(parent, wish.errand, wish.destination, settings.ok() ? settings.value() : parent.settings()));
  if (child) *wish.newcomm = open_handle(std::move(child));
  return {};
}

Status duplicate(bcclComm_t comm, bcclComm_t* newcomm, const bcclConfig_t* config) {
  return make_child(comm, {Errand::duplicate, Destination{.color = 0}, newcomm, config});
}

Status revoke(bcclComm_t comm, int flags) {
  if (flags != BCCL_REVOKE_DEFAULT)
    return fail(Code::invalid_argument, "revokeFlags is {}: there is BCCL_REVOKE_DEFAULT ({}) only", flags, BCCL_REVOKE_DEFAULT);
  BCCL_TRY(communicator_of(comm));  // not finalized
  return BCCL_TRY(hold(comm))->revoke();
}

/// The list of those to leave out.
struct Excluded {
  const int* ranks;
  int count;
};

Result<std::vector<Rank>> survivors_of(const Communicator& parent, const Excluded& excluded) {
  if (excluded.count < 0 || excluded.count >= parent.ranks())
    return fail(Code::invalid_argument, "excludeRanksCount {} is not in 0 … {} (ranks - 1)", excluded.count, parent.ranks() - 1);
  if (excluded.count > 0) BCCL_TRY(check_pointer(excluded.ranks, "excludeRanksList"));
  std::vector<bool> stays(static_cast<size_t>(parent.ranks()), true);
  for (int i = 0; i < excluded.count; ++i) {
    const int rank = excluded.ranks[i];
    if (rank < 0 || rank >= parent.ranks())
      return fail(Code::invalid_argument, "excludeRanksList[{}] is {}, not in 0 … {}", i, rank, parent.ranks() - 1);
    if (rank == parent.rank())
      return fail(Code::invalid_argument, "excludeRanksList[{}] is this rank, {}: only ranks that survive call bcclCommShrink", i, rank);
    if (!stays[static_cast<size_t>(rank)])
      return fail(Code::invalid_argument, "excludeRanksList[{}] is {}, which stands there twice", i, rank);
    stays[static_cast<size_t>(rank)] = false;
  }
  std::vector<Rank> survivors;
  for (Rank rank = 0; rank < parent.ranks(); ++rank)
    if (stays[static_cast<size_t>(rank)]) survivors.push_back(rank);
  return survivors;
}

Status shrink_without(bcclComm_t comm, const Excluded& excluded, bcclComm_t* newcomm, const bcclConfig_t* config, int flags) {
  BCCL_TRY(check_pointer(newcomm, "newcomm"));
  *newcomm = nullptr;
  BCCL_TRY(not_in_group("bcclCommShrink"));
  if (flags != BCCL_SHRINK_DEFAULT && flags != BCCL_SHRINK_ABORT)
    return fail(Code::invalid_argument, "shrinkFlags is {}: give BCCL_SHRINK_DEFAULT ({}) or BCCL_SHRINK_ABORT ({})", flags,
                BCCL_SHRINK_DEFAULT, BCCL_SHRINK_ABORT);
  BCCL_TRY(communicator_of(comm));  // not finalized, or it would be revoked all the same
  const std::shared_ptr<Communicator> parent = BCCL_TRY(hold(comm));
  const std::vector<Rank> survivors = BCCL_TRY(survivors_of(*parent, excluded));
  const Settings settings = BCCL_TRY(child_settings(config, parent->settings()));
  if (flags == BCCL_SHRINK_ABORT) {
    BCCL_TRY(parent->revoke());
    await_leaving(comm, *parent);
  }
  const Stay stay = BCCL_TRY(Stay::enter(comm));
  BCCL_TRY(parent->settle());
  *newcomm = open_handle(BCCL_TRY(shrink(*parent, survivors, settings)));
  return {};
}

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

Status grow_by_others(bcclComm_t comm, const Larger& larger) {
  const Stay stay = BCCL_TRY(Stay::enter(comm));
  Communicator& parent = stay.communicator();
  Result<Growth> growth = growth_of(parent, larger);
  Result<Settings> settings = child_settings(larger.config, parent.settings());
  if (growth.ok() && !settings.ok()) growth = std::move(settings).take_error();
  *larger.newcomm = open_handle(BCCL_TRY(grow(parent, growth, settings.ok() ? settings.value() : parent.settings())));
  return {};
}

Status come_in(const Larger& larger) {
  BCCL_TRY(check_pointer(larger.newcomm, "newcomm"));
  BCCL_TRY(check_place(larger.rank, larger.ranks));
  BCCL_TRY(check_pointer(larger.id, "uniqueId"));
  const UniqueId id = BCCL_TRY(read_id(*larger.id));
  const Settings settings = BCCL_TRY(communicator_settings(larger.config));
  const auto exchange = BCCL_TRY(join(id, larger.rank, larger.ranks, Deadline::after_ms(settings.bootstrap_timeout_ms)));
  *larger.newcomm = open_handle(BCCL_TRY(Communicator::create(*exchange, settings)));
  return {};
}

Status make_larger(bcclComm_t comm, const Larger& larger) {
  if (larger.newcomm != nullptr) *larger.newcomm = nullptr;
  BCCL_TRY(not_in_group("bcclCommGrow"));
  return comm != nullptr ? grow_by_others(comm, larger) : come_in(larger);
}

}  // namespace
}  // namespace bccl

extern "C" {

bcclResult_t bcclCommSplit(bcclComm_t comm, int color, int key, bcclComm_t* newcomm, const bcclConfig_t* config) {
  return bccl::report(bccl::make_child(comm, {bccl::Errand::split, bccl::destination_of(color, key), newcomm, config}), comm);
}

bcclResult_t bcclCommDup(bcclComm_t comm, bcclComm_t* newcomm, const bcclConfig_t* config) {
  return bccl::report(bccl::duplicate(comm, newcomm, config), comm);
}

bcclResult_t bcclCommRevoke(bcclComm_t comm, int revokeFlags) {
  return bccl::report(bccl::revoke(comm, revokeFlags), comm);
}

bcclResult_t bcclCommShrink(bcclComm_t comm, const int* excludeRanksList, int excludeRanksCount, bcclComm_t* newcomm,
                            const bcclConfig_t* config, int shrinkFlags) {
  return bccl::report(bccl::shrink_without(comm, {excludeRanksList, excludeRanksCount}, newcomm, config, shrinkFlags), comm);
}

bcclResult_t bcclCommGetUniqueId(bcclComm_t comm, bcclUniqueId* uniqueId) {
  return bccl::report(bccl::get_unique_id(comm, uniqueId), comm);
}

bcclResult_t bcclCommGrow(bcclComm_t comm, int nranks, const bcclUniqueId* uniqueId, int rank, bcclComm_t* newcomm,
                          const bcclConfig_t* config) {
  return bccl::report(bccl::make_larger(comm, {nranks, uniqueId, rank, newcomm, config}), comm);
}

}  // extern "C"
