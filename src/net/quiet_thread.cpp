#include "net/quiet_thread.h"

#include <system_error>
#include <thread>
#include <utility>

#include <pthread.h>

#include "base/signals_blocked.h"

namespace bccl {
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
