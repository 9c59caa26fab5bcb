/// Communicators that go on without some of their ranks: revoked and shrunk.
#include <memory>
#include <vector>

#include "api/arguments.h"
#include "api/grouping.h"
#include "api/handle.h"
#include "api/last_error.h"
#include "api/process_settings.h"
#include "comm/shrink.h"

namespace bccl {
namespace {

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

Status check_flags(int flags) {
  if (flags == BCCL_SHRINK_DEFAULT || flags == BCCL_SHRINK_ABORT) return {};
  return fail(Code::invalid_argument, "shrinkFlags is {}: give BCCL_SHRINK_DEFAULT ({}) or BCCL_SHRINK_ABORT ({})", flags,
              BCCL_SHRINK_DEFAULT, BCCL_SHRINK_ABORT);
}

/// What one rank gives for the smaller communicator.
struct Smaller {
  Excluded excluded;
  bcclComm_t* newcomm;
  const bcclConfig_t* config;
  int flags;
};

Result<std::vector<Rank>> survivors_by(const Communicator& parent, const Smaller& smaller) {
  BCCL_TRY(check_pointer(smaller.newcomm, "newcomm"));
  BCCL_TRY(check_flags(smaller.flags));
  return survivors_of(parent, smaller.excluded);
}

/// A wrong argument of this rank is told to the others, who would wait for it in vain.
Result<Creation> rest_of(bcclComm_t comm, const Smaller& smaller) {
  if (smaller.newcomm != nullptr) *smaller.newcomm = nullptr;
  BCCL_TRY(communicator_of(comm));  // not finalized, or it would be revoked all the same
  const std::shared_ptr<Communicator> parent = BCCL_TRY(hold(comm));
  BCCL_TRY(parent->check_process());
  Result<std::vector<Rank>> survivors = survivors_by(*parent, smaller);
  Result<Settings> given = child_settings(smaller.config, parent->settings());
  if (survivors.ok() && !given.ok()) survivors = Error{given.code(), given.sentence()};
  const Settings settings = given.ok() ? std::move(given).value() : parent->settings();
  Creation rest{.comm = survivors.ok() ? smaller.newcomm : nullptr,
                .nonblocking = settings.nonblocking,
                .make = [=](const Interrupt& interrupt) { return shrink(*parent, survivors, settings, interrupt); },
                .parent = comm,
                .ends_calls = survivors.ok() && smaller.flags == BCCL_SHRINK_ABORT};
  if (!survivors.ok()) rest.wrong = Error{survivors.code(), survivors.sentence()};
  return rest;
}

}  // namespace
}  // namespace bccl

extern "C" {

bcclResult_t bcclCommRevoke(bcclComm_t comm, int revokeFlags) {
  return bccl::report(bccl::revoke(comm, revokeFlags), comm);
}

bcclResult_t bcclCommShrink(bcclComm_t comm, const int* excludeRanksList, int excludeRanksCount, bcclComm_t* newcomm,
                            const bcclConfig_t* config, int shrinkFlags) {
  return bccl::report(
      bccl::ask_for(bccl::rest_of(comm, {{excludeRanksList, excludeRanksCount}, newcomm, config, shrinkFlags})), comm);
}

}  // extern "C"
