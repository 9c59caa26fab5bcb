#include "api/collective_calls.h"

#include "api/arguments.h"

namespace bccl {

Status set_root(int root, Caller caller, Call& call) {
  if (root < 0 || root >= caller.ranks)
    return fail(Code::invalid_argument, "root {} is not in 0 … {} (nranks - 1)", root, caller.ranks - 1);
  call.root = root;
  return {};
}

Status fill(const Arguments& given, Caller caller, Call& call) {
  BCCL_TRY(check_type(given.type));
  call.source = given.source;
  call.target = given.target;
  call.count = given.count;
  call.type = static_cast<DataType>(given.type);
  return check_buffers(call, caller);
}

Status fill_reducing(const Arguments& given, const ReduceArguments& reduce, Caller caller, Call& call) {
  BCCL_TRY(fill(given, caller, call));
  return set_reduction(reduce.comm, reduce.op, call.type, call.reduction);
}

Status fill_rooted(const Arguments& given, int root, Caller caller, Call& call) {
  BCCL_TRY(set_root(root, caller, call));
  return fill(given, caller, call);
}

/// A byte of every rank is combined, so nobody has the result before all have called; nobody looks at it.
void fill_barrier(Call& call) {
  static const std::byte nothing{};
  static thread_local std::byte somewhere{};
  call.collective = Collective::barrier;
  call.source = &nothing;
  call.target = &somewhere;
  call.count = 1;
  call.type = DataType::uint8;
  call.reduction.op = ReduceOp::max;
}

}  // namespace bccl
