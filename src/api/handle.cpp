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

Error gone() {
  return fail(Code::invalid_argument, "comm: this communicator was destroyed or aborted before; make a new one");
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
  if (communicator == nullptr) return gone();
  return communicator;
}

Result<Stay> Stay::enter(bcclComm_t comm) {
  BCCL_TRY(check(comm));
  // Ordered against the end of the communicator, which takes `live` away and then looks at `occupied`.
  if (comm->occupied.exchange(true))
    return fail(Code::invalid_usage, "rank {}: another thread is inside this communicator; one thread at a time may use it",
                BCCL_TRY(hold(comm))->rank());
  Stay stay(comm);
  stay.communicator_ = comm->live.load();
  if (stay.communicator_ == nullptr) return gone();
  return stay;
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
  if (!comm->communicator) return gone();
  return comm->communicator;
}

Result<std::shared_ptr<Communicator>> close_handle(bcclComm_t comm) {
  BCCL_TRY(check(comm));
  const std::scoped_lock locked(comm->lock);
  if (!comm->communicator) return gone();
  comm->live = nullptr;
  comm->user_ops.clear();
  comm->registrations.clear();
  return std::move(comm->communicator);
}

}  // namespace bccl
