#include "node/node.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "node/doorbell.h"
#include "node/envoy.h"
#include "node/fork.h"
#include "node/node_memory.h"

namespace bccl {

Node::Node(int rank, std::shared_ptr<NodeMemory> memory)
    : boards_(memory->boards()),
      mine_(boards_[rank]),
      header_(&memory->header()),
      rank_(rank),
      ranks_(memory->party().all().size()),
      cores_(memory->party().all().only(memory->party().machines().members(memory->party().machines().of(rank))).cores()),
      exact_sleep_(memory->party().here().exact_sleep()),
      spans_hosts_(memory->party().spans_hosts()),
      generation_(process_generation()),
      memory_(std::move(memory)) {}

Node::~Node() {
  if (generation_ != process_generation())
    return;  // a forked child's: nothing here is its own but this object
  // Said before the lock goes, so that nobody takes the leaving for a death.
  mine_.left.store(1, std::memory_order_release);
  memory_->unlock(rank_);
  if (spans_hosts_) ring_doorbell(memory_->control_bell());
}

bool Node::same_process(int rank) const { return memory_->party().all().same_process(rank, rank_); }

std::string Node::describe(int rank) const { return memory_->party().all().describe(rank); }

const Groups& Node::groups() const { return memory_->party().groups(); }
const Groups& Node::machines() const { return memory_->party().machines(); }
bool Node::crowded() const { return static_cast<int>(machines().members(machines().of(rank_)).size()) > cores_; }
const std::vector<int>& Node::ranks_here() const { return memory_->party().ranks(); }
int Node::place_of(int rank) const { return memory_->party().member_of(rank); }

std::span<std::byte> Node::arena(int rank) const { return memory_->arena(rank); }

void Node::post_abort(Code code, int from_rank, const std::string& sentence) {
  std::atomic<uint32_t>& word = spans_hosts_ ? header_->proposal_word : header_->abort_word;
  {
    // The record is on this rank's own board, so no poster ever waits for one of another process that was
    // killed or stopped half way; whose record counts is decided by the exchange of the word alone.
    const std::lock_guard lock(posting_);
    if (header_->abort_word.load(std::memory_order_relaxed) != 0) return;
    if (word.load(std::memory_order_relaxed) == 0) {
      mine_.abort.write(code, from_rank, sentence);
      uint32_t none = 0;
      const bool first = word.compare_exchange_strong(none, static_cast<uint32_t>(rank_) + 1);
      if (!first && !spans_hosts_) return;
    }
  }
  if (spans_hosts_) settle();
  ring_all();
}

/// Waits until all hosts have settled on an error, but not for ever: then this host's own counts here.
void Node::settle() const {
  const int leader = ranks_here().front();
  const Deadline deadline = Deadline::after_ms(settling_ms_max);
  ring_doorbell(memory_->control_bell());
  while (header_->abort_word.load(std::memory_order_acquire) == 0 && header_->controlled.load() != 0 &&
         presence(leader) != Presence::dead && !deadline.passed()) {
    constexpr timespec look{0, 200'000};
    nanosleep(&look, nullptr);
  }
  uint32_t none = 0;
  if (header_->abort_word.compare_exchange_strong(none, header_->proposal_word.load()))
    ring_doorbell(memory_->control_bell());
}

void Node::ring_all() const {
  for (const int rank : ranks_here()) ring(rank);  // asleep or about to: rings are remembered
}

Error Node::posted() const {
  const uint32_t poster = header_->abort_word.load(std::memory_order_acquire);
  if (poster == 0) return fail(Code::internal_error, "rank {}: no error was posted", rank_);
  return boards_[poster - 1].abort.error();
}

int Node::posted_from() const {
  const uint32_t poster = header_->abort_word.load(std::memory_order_acquire);
  return poster == 0 ? -1 : boards_[poster - 1].abort.from_rank();
}

Presence Node::presence(int rank) const { return memory_->presence(rank, rank_); }

void Node::want_news() const {
  if (!spans_hosts_ || header_->news_wanted.exchange(1) != 0) return;
  ring_doorbell(memory_->control_bell());
}

int64_t Node::news_ns(int rank) const { return is_here(rank) ? now_ns() : boards_[rank].heard_ns(); }

std::unique_ptr<Envoy> Node::envoy() const { return std::make_unique<Envoy>(memory_); }

// Why no ring is lost. The sleeper stores `asleep` and then looks for work; a ringer stores the work and then
// looks at `asleep`. Each may have its store still under way while it looks, so without a fence on both sides
// both could miss the other. The ringer, on the hot path, has none but the compiler's (asleep()). The
// sleeper's membarrier makes one up for it: a full barrier in every running thread of all the node's
// processes, after `asleep` is stored. If it falls before the ringer looks, the ringer sees `asleep` and
// rings. If it falls after, the ringer's work was stored before it too, and the sleeper, looking after the
// membarrier, sees the work. A thread that was not running passed a full barrier when it was switched. Rings
// themselves are counted in the eventfd, so one that comes before poll() ends it.
void Node::sleep(int timeout_ms, bool (*ready)(void*), void* argument, int other) {
  std::atomic<uint32_t>& asleep = mine_.asleep;
  asleep.store(1, std::memory_order_relaxed);
  const bool exact = exact_sleep_ && order_with_ringers();
  const bool aborted = header_->abort_word.load(std::memory_order_acquire) != 0;
  if (!aborted && !ready(argument))
    wait_for_ring(memory_->doorbell(rank_), exact ? timeout_ms : std::min(timeout_ms, polled_sleep_ms_max), other);
  asleep.store(0, std::memory_order_relaxed);
}

void Node::ring(int rank) const { ring_doorbell(memory_->doorbell(rank)); }

}  // namespace bccl
