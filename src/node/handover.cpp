#include "node/handover.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>

#include "node/fork.h"

namespace bccl {
namespace {

/// The offers of this process. Never destroyed: threads may still be joining while the process exits.
struct Offers {
  uint64_t generation;
  const Offers* parents;
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, Result<std::shared_ptr<NodeMemory>>> by_meeting;
};

/// A forked child starts afresh: a thread that it does not have may hold the mutex of its parent's offers.
Offers& offers() {
  static std::atomic<Offers*> current{nullptr};
  Offers* seen = current.load(std::memory_order_acquire);
  while (seen == nullptr || seen->generation != process_generation()) {
    auto* fresh = new Offers{process_generation(), seen, {}, {}, {}};
    if (current.compare_exchange_strong(seen, fresh, std::memory_order_acq_rel)) return *fresh;
    delete fresh;
  }
  return *seen;
}

}  // namespace

Offer::Offer(const std::string& meeting, const Result<std::shared_ptr<NodeMemory>>& memory)
    : meeting_(meeting) {
  Offers& all = offers();
  {
    const std::lock_guard lock(all.mutex);
    all.by_meeting.insert_or_assign(meeting, memory);
  }
  all.changed.notify_all();
}

Offer::~Offer() {
  if (meeting_.empty()) return;
  Offers& all = offers();
  const std::lock_guard lock(all.mutex);
  all.by_meeting.erase(meeting_);
}

Result<std::shared_ptr<NodeMemory>> take_offer(const std::string& meeting, Deadline deadline) {
  Offers& all = offers();
  std::unique_lock lock(all.mutex);
  const auto offered = [&] { return all.by_meeting.contains(meeting); };
  if (!all.changed.wait_for(lock, std::chrono::milliseconds(deadline.left_ms()), offered))
    return fail(Code::timeout, "no rank of this process got the node's memory within {} ms",
                deadline.budget_ms());
  const Result<std::shared_ptr<NodeMemory>>& offer = all.by_meeting.at(meeting);
  if (!offer.ok()) return fail(Code::remote_error, "{}", offer.sentence());
  return offer;
}

}  // namespace bccl
