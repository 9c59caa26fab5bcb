/// What an operation that does not move is waiting for: the words of warnings and errors, never on the hot path.
#include <algorithm>

#include <fmt/format.h>

#include "exec/operation.h"

namespace bccl {

/// Calls visit(wait, peer) for every peer that keeps a lane from going on, or the call from ending.
template <class Visit>
void Operation::visit_waits(Visit visit) const {
  if (recipe_ == nullptr) return;
  if (unfinished_ == 0) return visit_readers(visit);
  for (const Cursor& cursor : cursors_) {
    if (cursor.window >= recipe_->geometry.windows()) continue;
    const BoundStep& step = (*cursor.steps)[cursor.step];
    bool receiving = false;
    for (size_t i = 0; i < step.receivers.size(); ++i)
      if (step.receivers[i]->try_peek().data == nullptr) {
        receiving = true;
        visit(WaitOn{Deed::receive, &cursor, &step}, step.peers[i]);
      }
    if (receiving || step.sender == nullptr) continue;
    for (const Rank reader : step.readers) visit(WaitOn{Deed::send, &cursor, &step}, reader);
  }
}

template <class Visit>
void Operation::visit_readers(Visit visit) const {
  for (const Lender& lender : recipe_->plan->lenders())
    if (referred_ && lender.power->released() != lender.power->sent())
      for (const Rank reader : lender.readers) visit(WaitOn{Deed::be_read, nullptr, nullptr}, reader);
}

bool Operation::can_move() {
  if (unfinished_ == 0) return referred_ && all_released();
  return std::any_of(cursors_.begin(), cursors_.end(), [this](Cursor& cursor) {
    if (cursor.window >= recipe_->geometry.windows()) return false;
    const BoundStep& step = (*cursor.steps)[cursor.step];
    const size_t bytes = bytes_of(cursor);
    if (step.after.present() && !ready_after(step, cursor)) return false;
    if (bytes == 0 && !sends_empty(cursor)) return true;
    if (const Ran ran = arrived(step, cursor, bytes); ran != Ran::yes) return ran == Ran::mismatch;
    return step.sender == nullptr || outlet(step, cursor, bytes).room == Room::yes;
  });
}

bool Operation::waits_for(Rank peer) const {
  bool found = false;
  visit_waits([&](const WaitOn&, Rank other) { found |= other == peer; });
  return found;
}

std::string Operation::describe_wait() const {
  std::string words;
  visit_waits([&](const WaitOn& wait, Rank peer) {
    if (!words.empty()) return;
    if (wait.deed == Deed::be_read)
      words = fmt::format("all steps done, waits until rank {} has read what was sent it by reference", peer);
    else
      words = fmt::format("channel {}, step {} waits {} chunk {} {} rank {}", wait.cursor->channel, wait.cursor->step,
                          wait.deed == Deed::send ? "for room to send" : "to receive", wait.step->extent.first,
                          wait.deed == Deed::send ? "to" : "from", peer);
  });
  return words;
}

}  // namespace bccl
