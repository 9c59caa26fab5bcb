#include "comm/recorded_call.h"

namespace bccl {
namespace {

/// Moves `list` to a copy that the call owns.
void keep(const size_t*& list, size_t count, std::vector<std::vector<size_t>>& lists) {
  if (list != nullptr) list = lists.emplace_back(list, list + count).data();
}

}  // namespace

RecordedCall::RecordedCall(Communicator* of, const Call& recorded) : communicator(of), call(recorded) {
  Call& kept = std::get<Call>(call);
  if (kept.collective == Collective::barrier) kept.target = of->nowhere();  // the caller's thread may end before
  if (kept.variable) {
    const Layout held = layout_of({kept.collective, of->ranks(), kept.root, 1}, of->rank());
    keep(kept.source_blocks.counts, held.source.size(), lists);
    keep(kept.source_blocks.offsets, held.source.size(), lists);
    keep(kept.target_blocks.counts, held.target.size(), lists);
    keep(kept.target_blocks.offsets, held.target.size(), lists);
  }
  if (kept.weights != nullptr) {
    weights.assign(kept.weights, kept.weights + of->ranks());
    kept.weights = weights.data();
  }
}

Result<bool> RecordedCall::begin() const {
  if (const Call* collective = std::get_if<Call>(&call)) return communicator->begin(*collective);
  return communicator->begin(std::span(&std::get<Message>(call), 1));
}

}  // namespace bccl
