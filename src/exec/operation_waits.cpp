/// What an operation that does not move is waiting for: the words of warnings and errors, never on the hot path.
#include <algorithm>

#include <fmt/format.h>

#include "exec/operation.h"

namespace bccl {

/// Calls visit(cursor, step, peer) for every peer that keeps a lane from going on; peer -1: another channel.
template <class Visit>
void Operation::visit_waits(Visit visit) const {
  if (recipe_ == nullptr) return;
  for (const Cursor& cursor : cursors_) {
    if (cursor.window >= recipe_->geometry.windows()) continue;
    const BoundStep& step = (*cursor.steps)[cursor.step];
    bool receiving = false;
    for (size_t i = 0; i < step.receivers.size(); ++i)
      if (step.receivers[i]->try_peek().data == nullptr) {
        receiving = true;
        visit(cursor, step, step.peers[i], false);
      }
    if (receiving || step.sender == nullptr) continue;
    for (const Rank reader : step.readers) visit(cursor, step, reader, true);
  }
}

bool Operation::can_move() {
  return std::any_of(cursors_.begin(), cursors_.end(), [this](const Cursor& cursor) {
    if (cursor.window >= recipe_->geometry.windows()) return false;
    const BoundStep& step = (*cursor.steps)[cursor.step];
    const size_t bytes = cursor.places[cursor.step].slices.bytes(cursor.window);
    if (step.after.present() && !ready_after(step, cursor)) return false;
    if (bytes == 0) return true;
    if (const Ran ran = arrived(step, bytes); ran != Ran::yes) return ran == Ran::mismatch;
    return step.sender == nullptr || step.sender->try_acquire(bytes) != nullptr;
  });
}

bool Operation::waits_for(Rank peer) const {
  bool found = false;
  visit_waits([&](const Cursor&, const BoundStep&, Rank other, bool) { found |= other == peer; });
  return found;
}

Rank Operation::waits_for() const {
  Rank first = -1;
  visit_waits([&](const Cursor&, const BoundStep&, Rank other, bool) { first = first < 0 ? other : first; });
  return first;
}

std::string Operation::describe_wait() const {
  std::string words;
  visit_waits([&](const Cursor& cursor, const BoundStep& step, Rank peer, bool sending) {
    if (words.empty())
      words = fmt::format("channel {}, step {} waits {} chunk {} {} rank {}", cursor.channel, cursor.step,
                          sending ? "for room to send" : "to receive", step.extent.first, sending ? "to" : "from", peer);
  });
  return words;
}

}  // namespace bccl
