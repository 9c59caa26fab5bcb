/// What a bcclComm_t points to. The shell of a handle is never freed, only its communicator is: so a handle used after
/// destroy, or destroyed twice, is found out instead of read from freed memory. (A shell is under 200 bytes and
/// reachable from a list, so leak checkers see no leak.)
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "api/registration.h"
#include "base/status.h"
#include "bccl/bccl.h"
#include "comm/communicator.h"

namespace bccl {

/// What stands in a handle while its communicator is being made.
struct Pending {
  uint64_t generation;           ///< Of the process in which it is.
  std::optional<Error> failure;  ///< Why it never will be.
  std::shared_ptr<std::atomic<bool>> unwanted = std::make_shared<std::atomic<bool>>(false);  ///< Set when it is cancelled.
};

/// An operation made by bcclRedOpCreatePreMulSum.
struct UserOp {
  DataType type;
  Reduction reduction;  ///< With the scalar's value (bcclScalarHostImmediate) or its place (bcclScalarDevice).
};

}  // namespace bccl

struct bcclComm {
  uint64_t magic = 0;
  std::atomic<bccl::Communicator*> live{nullptr};  ///< Takes calls. Null: pending, finalized, destroyed or aborted.
  std::atomic<bool> occupied{false};               ///< A thread is inside: see Stay.
  std::mutex lock;                                 ///< Of what follows.
  std::shared_ptr<bccl::Communicator> communicator;
  std::optional<bccl::Pending> pending;
  bool finalized = false;
  std::map<int, bccl::UserOp> user_ops;
  int next_user_op = bcclNumOps;
  std::map<void*, std::unique_ptr<bccl::Registration>> registrations;
};

namespace bccl {

/// A new handle around the communicator.
bcclComm_t open_handle(std::unique_ptr<Communicator> communicator);

/// A new handle whose communicator is being made: it is fulfilled once.
bcclComm_t reserve_handle();
/// Of such a handle, which nobody has cancelled yet: whether that has happened.
std::shared_ptr<const std::atomic<bool>> unwanted_flag(bcclComm_t comm);
void fulfil(bcclComm_t comm, Result<std::unique_ptr<Communicator>> made);
/// Whether there was something to cancel; what is made afterwards is destroyed.
bool cancel_creation(bcclComm_t comm);
/// Nothing: it is there, or was. Else Code::in_progress, or why it was not made.
Result<std::optional<Error>> creation_state(bcclComm_t comm);
/// Why it was not made, or null. Good until the handle is cancelled.
const std::string* creation_failure(bcclComm_t comm);

/// The communicator, or invalid_argument: NULL, not a handle, destroyed; or invalid_usage: pending, finalized. To look at
/// it, a Stay or hold() is needed: another thread may end it at any time.
Result<Communicator*> communicator_of(bcclComm_t comm);

/// A thread's stay inside a communicator, during which no other thread frees it: whoever ends the communicator first
/// waits for the stay to end. On the path of every call.
class Stay {
 public:
  /// invalid_usage where another thread is inside.
  static Result<Stay> enter(bcclComm_t comm);
  /// The same, in one that was finalized, too.
  static Result<Stay> enter_any(bcclComm_t comm);
  Communicator& communicator() const { return *communicator_; }  ///< Also when another thread has ended it meanwhile.
  Stay(Stay&& other) noexcept : shell_(std::exchange(other.shell_, nullptr)), communicator_(other.communicator_) {}
  Stay& operator=(Stay&&) = delete;
  ~Stay() {
    if (shell_ != nullptr) shell_->occupied.store(false, std::memory_order_release);
  }

 private:
  explicit Stay(bcclComm_t shell) : shell_(shell) {}
  static Result<Stay> occupy(bcclComm_t comm);
  bcclComm_t shell_;
  Communicator* communicator_ = nullptr;
};

/// How long a call of another thread may take to end when it has been told to.
inline constexpr int64_t leave_patience_ms = 1000;

/// Whether another thread is inside: one that called, or one that runs a call in a stream.
bool is_inside(bcclComm_t comm, const Communicator& communicator);

/// Waits until no other thread is inside, or for too long.
void await_leaving(bcclComm_t comm, const Communicator& communicator);

/// From now on it takes no calls. For a thread that is inside.
void mark_finalized(bcclComm_t comm);
bool is_finalized(bcclComm_t comm);

/// The communicator, finalized or not, kept alive while held: for functions that any thread may call at any time.
Result<std::shared_ptr<Communicator>> hold(bcclComm_t comm);

/// Takes the communicator out of the handle; of several callers one gets it.
Result<std::shared_ptr<Communicator>> close_handle(bcclComm_t comm);

}  // namespace bccl
