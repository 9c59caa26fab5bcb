#include "api/handle.h"

#include <ctime>
#include <deque>
#include <unordered_set>

#include "base/clock.h"
#include "base/log.h"
#include "node/fork.h"

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

/// As creation_state(). Under the handle's lock.
std::optional<Error> state_of(const std::optional<Pending>& pending) {
  if (!pending) return std::nullopt;
  if (pending->failure) return pending->failure;
  if (pending->generation != process_generation())
    return fail(Code::invalid_usage, "the process that forked this one was making it; make a new one here");
  return fail(Code::in_progress, "it is still being made; bcclCommGetAsyncError tells when it is there");
}

/// Why the handle takes no call. Under its lock.
Error absence(const bcclComm& shell) {
  if (const auto creation = state_of(shell.pending))
    return fail(creation->code == Code::in_progress ? Code::invalid_usage : creation->code, "comm: {}", creation->sentence);
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
  const bcclComm_t comm = reserve_handle();
  fulfil(comm, std::move(communicator));
  return comm;
}

bcclComm_t reserve_handle() {
  Shells& list = shells();
  const std::scoped_lock hold(list.lock);
  bcclComm& shell = list.all.emplace_back();
  shell.pending = Pending{.generation = process_generation(), .failure = {}};
  shell.magic = handle_magic;
  return &shell;
}

std::shared_ptr<const std::atomic<bool>> unwanted_flag(bcclComm_t comm) {
  const std::scoped_lock locked(comm->lock);
  return comm->pending->unwanted;
}

void fulfil(bcclComm_t comm, Result<std::unique_ptr<Communicator>> made) {
  const std::scoped_lock locked(comm->lock);
  if (!comm->pending) return;  // cancelled
  if (!made.ok()) {
    log(LogLevel::warn, "{}", made.sentence());
    comm->pending->failure = std::move(made).take_error();
    return;
  }
  comm->pending.reset();
  comm->communicator = std::move(made).value();
  comm->live = comm->communicator.get();
}

bool cancel_creation(bcclComm_t comm) {
  if (!check(comm).ok()) return false;
  const std::scoped_lock locked(comm->lock);
  if (!comm->pending) return false;
  comm->pending->unwanted->store(true);
  comm->pending.reset();
  return true;
}

Result<std::optional<Error>> creation_state(bcclComm_t comm) {
  BCCL_TRY(check(comm));
  const std::scoped_lock locked(comm->lock);
  return state_of(comm->pending);
}

const std::string* creation_failure(bcclComm_t comm) {
  if (!check(comm).ok()) return nullptr;
  const std::scoped_lock locked(comm->lock);
  return comm->pending && comm->pending->failure ? &comm->pending->failure->sentence : nullptr;
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
