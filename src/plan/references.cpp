#include "plan/references.h"

#include <algorithm>

#include "plan/ancestry.h"
#include "plan/proofs.h"
#include "plan/wiring.h"

namespace bccl {
namespace {

/// Walks one rank's steps in an order that the plans allow and remembers for each chunk who was referred to it since
/// it was last written. Those before that were compared with that write, and "must precede" is transitive.
class Readers {
 public:
  Readers(const Wiring& wiring, bool in_place) : wiring_(wiring), in_place_(in_place) {}

  Status check(Rank rank, const std::vector<StepId>& order) {
    plan_ = &wiring_.plans()[static_cast<size_t>(rank)];
    const size_t source_chunks = plan_->labels_of(Buffer::source).size();
    target_begin_ = in_place_ ? 0 : source_chunks;
    cells_.assign(in_place_ ? static_cast<size_t>(plan_->labels)
                            : source_chunks + plan_->labels_of(Buffer::target).size(), {});
    searches_.clear();
    for (ChannelId id = wiring_.first_channel(rank); id < wiring_.end_channel(rank); ++id) {
      searches_.emplace_back(wiring_);
      searches_.back().restart(id);
    }
    for (const StepId id : order) BCCL_TRY(check_step(id));
    return {};
  }

 private:
  Status check_step(StepId id) {
    const Step& step = wiring_.plan_of(id);
    if (step.to.present() && step.to.buffer == Buffer::target)
      for (int k = 0; k < step.to.count; ++k) BCCL_TRY(write(id, step.to.first + k));
    const Chunks lent = referred(step);
    for (int k = 0; k < lent.count; ++k)
      for (uint32_t sent = 0; sent < step.send.size(); ++sent)
        refer(cell(lent.buffer, lent.first + k), wiring_.message(wiring_.step(id).first_sent + sent).receiver);
    return {};
  }

  Status write(StepId id, int chunk) {
    std::vector<StepId>& readers = cell(Buffer::target, chunk);
    Ancestry& search = searches_[wiring_.step(id).channel - wiring_.first_channel(plan_->rank)];
    for (const StepId reader : readers)
      if (!search.precedes(reader, id))
        return fail(Code::internal_error,
                    "{}: writes target chunk {} while {} may still read there what it was sent by reference: nothing "
                    "orders the two{}",
                    wiring_.name(id), chunk, wiring_.name(reader), in_place_ ? " (in place)" : "");
    readers.clear();
    return {};
  }

  /// Of one channel's readers the last one stands for all.
  void refer(std::vector<StepId>& readers, StepId reader) {
    const auto same = std::find_if(readers.begin(), readers.end(), [&](StepId other) {
      return wiring_.step(other).channel == wiring_.step(reader).channel;
    });
    if (same == readers.end())
      readers.push_back(reader);
    else
      *same = std::max(*same, reader);
  }

  /// In place, what has one label is one memory.
  std::vector<StepId>& cell(Buffer buffer, int chunk) {
    const auto at = static_cast<size_t>(chunk);
    if (in_place_) return cells_[static_cast<size_t>(plan_->labels_of(buffer)[at])];
    return cells_[(buffer == Buffer::target ? target_begin_ : 0) + at];
  }

  const Wiring& wiring_;
  const bool in_place_;
  const Plan* plan_ = nullptr;
  size_t target_begin_ = 0;
  std::vector<std::vector<StepId>> cells_;  ///< Steps of other ranks that read there.
  std::vector<Ancestry> searches_;          ///< By number of the channel that writes.
};

Status prove(const std::vector<Plan>& plans, bool in_place) {
  const Wiring wiring = BCCL_TRY(Wiring::make(plans));
  std::vector<std::vector<StepId>> of_rank(plans.size());
  for (const StepId id : BCCL_TRY(order_with_one_slot(wiring)))
    of_rank[static_cast<size_t>(wiring.rank_of(id))].push_back(id);
  Readers readers(wiring, in_place);
  for (size_t rank = 0; rank < plans.size(); ++rank)
    BCCL_TRY(readers.check(static_cast<Rank>(rank), of_rank[rank]));
  return {};
}

}  // namespace

Chunks referred(const Step& step) {
  if (step.send.empty()) return {};
  if (step.to.present()) return step.to.buffer == Buffer::target ? step.to : Chunks{};
  return step.recv.empty() && step.from.buffer != Buffer::scratch ? step.from : Chunks{};
}

Status check_references(const std::vector<Plan>& plans, References claim) {
  if (claim == References::none || plans.empty()) return {};
  const Status status = prove(plans, claim == References::in_place);
  if (status.ok()) return {};
  return fail(status.code(), "{} {}, {} ranks: {}", plans[0].algorithm, name_of(plans[0].collective), plans.size(),
              status.sentence());
}

}  // namespace bccl
