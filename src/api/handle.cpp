#include "api/handle.h"

#include <ctime>
#include <deque>
#include <unordered_set>

#include "base/clock.h"

namespace bccl {
namespace {

constexpr uint64_t handle_magic = 0x6263636c436f6d6dULL;  // "bcclComm"

struct Shells {
  std::mutex lock;
  std::deque<bcclComm> all;
};

Shells& shells() {
  static Shells* const list = new Shells;  // outlives every thread
  return *list;
}

/// Why the handle takes no call. Under its lock.
Error absence(const bcclComm& shell) {
  if (shell.communicator && shell.finalized)
    return fail(Code::invalid_usage, "comm: it was finalized, and may only be queried, destroyed and aborted");
  return fail(Code::invalid_argument, "comm: this communicator was destroyed or aborted before; make a new one");
}

Error absence(bcclComm_t comm) {
  const std::scoped_lock locked(comm->lock);
  return absence(*comm);
}

Status check(bcclComm_t comm) {
  if (comm == nullptr) return fail(Code::invalid_argument, "comm is NULL");
  if (comm->magic != handle_magic)
    return fail(Code::invalid_argument, "comm {} is not a communicator that bccl made", static_cast<void*>(comm));
  return {};
}

}  // namespace

bcclComm_t open_handle(std::unique_ptr<Communicator> communicator) {
  Shells& list = shells();
  const std::scoped_lock hold(list.lock);
  bcclComm& shell = list.all.emplace_back();
  shell.communicator = std::move(communicator);
  shell.live = shell.communicator.get();
  shell.magic = handle_magic;
  return &shell;
}

Result<Communicator*> communicator_of(bcclComm_t comm) {
  BCCL_TRY(check(comm));
  Communicator* communicator = comm->live.load(std::memory_order_acquire);
  if (communicator == nullptr) return absence(comm);
  return communicator;
}

Result<Stay> Stay::occupy(bcclComm_t comm) {
  BCCL_TRY(check(comm));
  // Ordered against the end of the communicator, which takes `live` away and then looks at `occupied`.
  if (comm->occupied.exchange(true))
    return fail(Code::invalid_usage, "rank {}: another thread is inside this communicator; one thread at a time may use it",
                BCCL_TRY(hold(comm))->rank());
  return Stay(comm);
}

Result<Stay> Stay::enter(bcclComm_t comm) {
  Stay stay = BCCL_TRY(occupy(comm));
  stay.communicator_ = comm->live.load();
  if (stay.communicator_ == nullptr) return absence(comm);
  return stay;
}

Result<Stay> Stay::enter_any(bcclComm_t comm) {
  Stay stay = BCCL_TRY(occupy(comm));
  stay.communicator_ = BCCL_TRY(hold(comm)).get();  // whoever ends it now waits for this stay
  return stay;
}

void mark_finalized(bcclComm_t comm) {
  const std::scoped_lock locked(comm->lock);
  comm->finalized = true;
  comm->live = nullptr;
}

bool is_finalized(bcclComm_t comm) {
  const std::scoped_lock locked(comm->lock);
  return comm->finalized;
}

bool is_inside(bcclComm_t comm, const Communicator& communicator) { return comm->occupied.load() || communicator.visited(); }

void await_leaving(bcclComm_t comm, const Communicator& communicator) {
  const Deadline deadline = Deadline::after_ms(leave_patience_ms);
  while (is_inside(comm, communicator) && !deadline.passed()) {
    constexpr timespec moment{.tv_sec = 0, .tv_nsec = 100'000};
    nanosleep(&moment, nullptr);
  }
}

Result<std::shared_ptr<Communicator>> hold(bcclComm_t comm) {
  BCCL_TRY(check(comm));
  const std::scoped_lock locked(comm->lock);
  if (!comm->communicator) return absence(*comm);
  return comm->communicator;
}

Result<std::shared_ptr<Communicator>> close_handle(bcclComm_t comm) {
  BCCL_TRY(check(comm));
  const std::scoped_lock locked(comm->lock);
  if (!comm->communicator) return absence(*comm);
  comm->live = nullptr;
  comm->user_ops.clear();
  comm->registrations.clear();
  return std::move(comm->communicator);
}

}  // namespace bccl
