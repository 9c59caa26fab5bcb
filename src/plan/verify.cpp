#include "plan/verify.h"

#include "plan/proofs.h"
#include "plan/wiring.h"

namespace bccl {
namespace {

Status prove(const std::vector<Plan>& plans) {
  BCCL_TRY(check_bounds(plans));
  const Wiring wiring = BCCL_TRY(Wiring::make(plans));
  const std::vector<StepId> order = BCCL_TRY(order_with_one_slot(wiring));
  // One order stands for all: matching is first-in-first-out, so once there are no races every order that the
  // plans allow moves the same values.
  BCCL_TRY(check_result(wiring, order));
  BCCL_TRY(check_races(wiring, order));
  return check_repeated(plans);
}

}  // namespace

Status verify(const std::vector<Plan>& plans) {
  if (plans.empty()) return fail(Code::internal_error, "no plans to verify");
  const Status status = prove(plans);
  if (status.ok()) return {};
  return fail(status.code(), "{}: {}", title_of(plans[0]), status.sentence());
}

}  // namespace bccl
