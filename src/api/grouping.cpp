#include "api/grouping.h"

#include <algorithm>
#include <utility>

#include "api/handle.h"

namespace bccl {
namespace {

struct Group {
  std::vector<GroupedCall> calls;
  std::vector<bcclComm_t> handles;  ///< Of the calls: a communicator destroyed meanwhile is found out.
  Status refused;
};

// A group belongs to a thread, as in NCCL. The depth stands apart, because every call looks at it: it needs neither
// construction nor a look-up of where it is.
[[gnu::tls_model("initial-exec")]] thread_local int depth = 0;
thread_local Group group;

}  // namespace

bool in_group() { return depth > 0; }

Status not_in_group(const char* function) {
  if (in_group()) return fail(Code::invalid_usage, "{} was called inside a group; end the group first", function);
  return {};
}

void start_group() { ++depth; }

Status end_group() {
  if (depth == 0)
    return fail(Code::invalid_usage, "bcclGroupEnd: this thread is not in a group; call bcclGroupStart first");
  if (--depth > 0) return {};
  Group ended = std::exchange(group, Group{});
  if (!ended.refused.ok()) return std::move(ended.refused);
  std::sort(ended.handles.begin(), ended.handles.end());
  ended.handles.erase(std::unique(ended.handles.begin(), ended.handles.end()), ended.handles.end());
  std::vector<Stay> stays;
  for (const bcclComm_t handle : ended.handles) stays.push_back(BCCL_TRY(Stay::enter(handle)));
  return run_group(ended.calls);
}

Status record(bcclComm_t comm, Result<GroupedCall> call) {
  if (call.ok()) {
    group.calls.push_back(std::move(call).value());
    group.handles.push_back(comm);
    return {};
  }
  Error error = std::move(call).take_error();
  if (group.refused.ok()) group.refused = error;
  return error;
}

}  // namespace bccl
