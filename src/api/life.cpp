/// Communicators that come of other ones.
#include "api/grouping.h"
#include "api/handle.h"
#include "api/arguments.h"
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

Status make_child(bcclComm_t comm, Wish wish) {
  if (wish.newcomm != nullptr) *wish.newcomm = nullptr;
  if (in_group()) return fail(Code::invalid_usage, "{} was called inside a group; end the group first", name_of(wish.errand));
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

}  // namespace
}  // namespace bccl

extern "C" {

bcclResult_t bcclCommSplit(bcclComm_t comm, int color, int key, bcclComm_t* newcomm, const bcclConfig_t* config) {
  return bccl::report(bccl::make_child(comm, {bccl::Errand::split, bccl::destination_of(color, key), newcomm, config}), comm);
}

bcclResult_t bcclCommDup(bcclComm_t comm, bcclComm_t* newcomm, const bcclConfig_t* config) {
  return bccl::report(bccl::duplicate(comm, newcomm, config), comm);
}

}  // extern "C"
