/// The handles of one kind of object that users create and destroy. What a handle points to is a shell, which is never
/// freed (about 80 bytes; reachable, so leak checkers see no leak), only its object is: so a handle that is used after
/// its end, or is none at all, is found out. Any pointer may be asked about: it is looked up, not read.
/// Any thread; a look-up takes no lock that other handles share.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "base/status.h"
#include "node/fork.h"

namespace bccl {

template <class Object>
class HandleTable {
 public:
  /// `kind`: what the user calls such an object, and its argument.
  explicit HandleTable(const char* kind) : kind_(kind) {}

  void* open(std::shared_ptr<Object> object) {
    auto* const shell = new Shell{.object = std::move(object), .generation = process_generation()};
    std::atomic<Shell*>& head = head_of(shell);
    shell->next = head.load(std::memory_order_relaxed);
    while (!head.compare_exchange_weak(shell->next, shell, std::memory_order_release, std::memory_order_relaxed)) {
    }
    return shell;
  }

  /// The object, kept alive while held. invalid_argument: NULL, unknown, destroyed; invalid_usage: of the process that
  /// forked this one.
  Result<std::shared_ptr<Object>> hold(const void* handle) {
    Shell& shell = *BCCL_TRY(find(handle));
    const std::scoped_lock locked(shell.lock);
    if (!shell.object) return gone();
    return shell.object;
  }

  /// Takes the object out; of several callers one gets it.
  Result<std::shared_ptr<Object>> close(const void* handle) {
    Shell& shell = *BCCL_TRY(find(handle));
    const std::scoped_lock locked(shell.lock);
    if (!shell.object) return gone();
    return std::move(shell.object);
  }

 private:
  struct Shell {
    std::mutex lock;  ///< Of the object.
    std::shared_ptr<Object> object;
    uint64_t generation;
    Shell* next = nullptr;
  };

  std::atomic<Shell*>& head_of(const void* handle) {
    return heads_[(reinterpret_cast<uintptr_t>(handle) * 0x9E3779B97F4A7C15ULL) >> 56];
  }

  Result<Shell*> find(const void* handle) {
    if (handle == nullptr) return fail(Code::invalid_argument, "{} is NULL", kind_);
    for (Shell* shell = head_of(handle).load(std::memory_order_acquire); shell != nullptr; shell = shell->next) {
      if (shell != handle) continue;
      if (shell->generation != process_generation())  // its lock may have been held at the fork
        return fail(Code::invalid_usage, "{} belongs to the process that forked this one; make a new one here", kind_);
      return shell;
    }
    return fail(Code::invalid_argument, "{} {} is none that bccl made", kind_, handle);
  }

  Error gone() const { return fail(Code::invalid_argument, "{}: it was destroyed before; make a new one", kind_); }

  const char* const kind_;
  std::array<std::atomic<Shell*>, 256> heads_{};
};

}  // namespace bccl
