#include "net/quiet_thread.h"

#include <csignal>
#include <system_error>
#include <thread>
#include <utility>

#include <pthread.h>

namespace bccl {
namespace {

/// The application's signal handlers are not for our thread: it inherits a mask that blocks them all.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

Status start_quiet_thread(const char* name, std::function<void()> body) {
  const SignalsBlocked blocked;
  try {
    std::thread([name, body = std::move(body)] {
      pthread_setname_np(pthread_self(), name);
      body();
    }).detach();
  } catch (const std::system_error& error) {
    return fail_errno(error.code().value(), fmt::format("cannot start the thread {}", name));
  }
  return {};
}

}  // namespace bccl
