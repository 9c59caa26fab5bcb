#include "network_namespace.h"

#include <exception>
#include <thread>

#include <fcntl.h>
#include <fmt/ranges.h>
#include <sched.h>
#include <unistd.h>

#include "../support/program.h"
#include "system_call.h"

namespace bccl::test {
namespace {

/// A thread may be in another network than its process: these are not for the thread that calls.
void on_own_thread(const std::function<void()>& work) {
  std::exception_ptr thrown;
  std::thread([&] {
    try {
      work();
    } catch (...) {
      thrown = std::current_exception();
    }
  }).join();
  if (thrown) std::rethrow_exception(thrown);
}

FileDescriptor open_namespace(const std::string& path) {
  return FileDescriptor(must(open(path.c_str(), O_RDONLY | O_CLOEXEC), "cannot open " + path));
}

}  // namespace

NetworkNamespace NetworkNamespace::make() {
  FileDescriptor made;
  on_own_thread([&] {
    must(unshare(CLONE_NEWNET), "cannot make a network namespace");
    made = open_namespace("/proc/thread-self/ns/net");
  });
  return NetworkNamespace(std::move(made));
}

NetworkNamespace NetworkNamespace::of(pid_t process) {
  return NetworkNamespace(open_namespace(fmt::format("/proc/{}/ns/net", process)));
}

void NetworkNamespace::within(const std::function<void()>& work) const {
  on_own_thread([&] {
    must(setns(fd_.get(), CLONE_NEWNET), "cannot enter a network namespace");
    work();
  });
}

std::string NetworkNamespace::configure(std::vector<std::string> tool, const std::string& script) const {
  const Outcome outcome = outcome_of({.words = tool, .input = script}, [&](const Become& become) {
    return start_here([&] {
      if (setns(fd_.get(), CLONE_NEWNET) == 0) become();
      _exit(126);
    });
  });
  if (outcome.status != 0)
    throw std::runtime_error(fmt::format("{} ended with {} on this script:\n{}{}", fmt::join(tool, " "),
                                         outcome.status, script, outcome.errors));
  return outcome.output;
}

}  // namespace bccl::test
