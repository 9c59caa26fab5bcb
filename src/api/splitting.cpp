/// Communicators of the ranks of a living one: split and duplicated.
#include <memory>

#include "api/arguments.h"
#include "api/grouping.h"
#include "api/handle.h"
#include "api/last_error.h"
#include "api/process_settings.h"
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

/// A wrong argument of this rank is told to the others, who would wait for it in vain.
Result<Creation> child_of(bcclComm_t comm, Wish wish) {
  if (wish.newcomm != nullptr) *wish.newcomm = nullptr;
  BCCL_TRY(communicator_of(comm));  // not finalized
  const std::shared_ptr<Communicator> parent = BCCL_TRY(hold(comm));
  BCCL_TRY(parent->check_alive());
  Result<Settings> given = child_settings(wish.config, parent->settings());
  Status present = check_pointer(wish.newcomm, "newcomm");
  Result<Destination> to = std::move(wish.destination);
  if (to.ok() && !given.ok()) to = Error{given.code(), given.sentence()};
  if (to.ok() && !present.ok()) to = std::move(present).take_error();
  const Settings settings = given.ok() ? std::move(given).value() : parent->settings();
  Creation child{.comm = to.ok() && to.value().color ? wish.newcomm : nullptr,
                 .nonblocking = settings.nonblocking,
                 .make = [=, errand = wish.errand](const Interrupt&) { return split(*parent, errand, to, settings); },
                 .parent = comm};
  if (!to.ok()) child.wrong = Error{to.code(), to.sentence()};
  return child;
}

Status make_child(bcclComm_t comm, Wish wish) { return ask_for(child_of(comm, std::move(wish))); }

}  // namespace
}  // namespace bccl

extern "C" {

bcclResult_t bcclCommSplit(bcclComm_t comm, int color, int key, bcclComm_t* newcomm, const bcclConfig_t* config) {
  return bccl::report(bccl::make_child(comm, {bccl::Errand::split, bccl::destination_of(color, key), newcomm, config}), comm);
}

bcclResult_t bcclCommDup(bcclComm_t comm, bcclComm_t* newcomm, const bcclConfig_t* config) {
  return bccl::report(bccl::make_child(comm, {bccl::Errand::duplicate, bccl::Destination{.color = 0}, newcomm, config}), comm);
}

}  // extern "C"
