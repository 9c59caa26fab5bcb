#include "base/quiet_thread.h"

#include <atomic>
#include <system_error>
#include <thread>
#include <utility>

#include <pthread.h>

#include "base/affinity.h"
#include "base/log.h"
#include "base/signals_blocked.h"

namespace bccl {
namespace {

std::atomic<ThreadPlace> thread_place{nullptr};

void stay_on(const std::vector<int>& processors, const char* name) {
  if (processors.empty()) return;
  if (const Status bound = bind_this_thread(processors); !bound.ok())
    log(LogLevel::info, "the thread {} runs where the one that started it may: {}", name, bound.sentence());
}

Status start(const char* name, std::vector<int> processors, std::function<void()> body) {
  const SignalsBlocked blocked;
  try {
    std::thread([name, processors = std::move(processors), body = std::move(body)] {
      pthread_setname_np(pthread_self(), name);
      stay_on(processors, name);
      body();
    }).detach();
  } catch (const std::system_error& error) {
    return fail_errno(error.code().value(), fmt::format("cannot start the thread {}", name));
  }
  return {};
}

}  // namespace

void set_thread_place(ThreadPlace place) { thread_place.store(place); }

Status start_quiet_thread(const char* name, std::function<void()> body, int node_number) {
  const ThreadPlace place = thread_place.load();
  return start(name, place == nullptr ? std::vector<int>{} : place(node_number), std::move(body));
}

Status start_stand_in(const char* name, std::function<void()> body) { return start(name, {}, std::move(body)); }

}  // namespace bccl
