#include "hosts_job.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hosts_placement.h"
#include "system_call.h"

namespace bccl::test {
namespace {

std::vector<char*> pointers_to(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

/// These, and of this process's variables those of other names.
std::vector<std::string> with_inherited(std::vector<std::string> variables) {
  const std::vector<std::string> own = variables;
  for (char** inherited = environ; *inherited != nullptr; ++inherited) {
    const std::string variable = *inherited;
    const std::string name = variable.substr(0, variable.find('=') + 1);
    if (std::ranges::none_of(own, [&](const std::string& each) { return each.starts_with(name); }))
      variables.push_back(variable);
  }
  return variables;
}

struct Pipe {
  FileDescriptor read, write;
};
Pipe make_pipe() {
  int ends[2];
  must(pipe2(ends, O_CLOEXEC), "cannot make a pipe");
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

}  // namespace

HostsJob::HostsJob(Hosts& hosts, const std::vector<int>& ranks_of_hosts,
                   const std::vector<std::string>& program, bool prefix)
    : hosts_(hosts), program_(program), prefix_(prefix) {
  const HostsPlacement placement(hosts, ranks_of_hosts);
  for (const HostsPlacement::Place& place : placement.places())
    start(place.host, with_inherited(placement.variables(place)));
}

void HostsJob::start(int host, std::vector<std::string> environment) {
  const FileDescriptor nothing(must(open("/dev/null", O_RDONLY | O_CLOEXEC), "cannot open /dev/null"));
  Pipe output, errors;
  if (prefix_) {
    output = make_pipe();
    errors = make_pipe();
  }
  const std::vector<char*> words = pointers_to(program_), variables = pointers_to(environment);
  const int rank = static_cast<int>(ranks_.size());
  const pid_t pid = hosts_[host].starter()([&] {
    dup2(nothing.get(), STDIN_FILENO);
    if (prefix_) dup2(output.write.get(), STDOUT_FILENO);
    if (prefix_) dup2(errors.write.get(), STDERR_FILENO);
    execvpe(words[0], words.data(), variables.data());
    std::fprintf(stderr, "hosts: cannot run '%s': %s\n", words[0], std::strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
  });
  ranks_.push_back(
      {rank, host, pid,
       FileDescriptor(must(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)), "cannot watch a rank"))});
  ++running_;
  if (!prefix_) return;
  const std::string whose = fmt::format("[{}:{}] ", hosts_[host].name(), rank);
  relays_.emplace_back(std::move(output.read), STDOUT_FILENO, whose);
  relays_.emplace_back(std::move(errors.read), STDERR_FILENO, whose);
}

int HostsJob::run() {
  while (running_ > 0) {
    wait_for_news();
    for (Rank& rank : ranks_) look_at(rank);
    if (kill_at_ && kill_at_->passed())
      for (int host = 0; host < hosts_.size(); ++host) hosts_[host].kill_all();
  }
  for (tool::LineRelay& relay : relays_) relay.finish();
  return status_;
}

void HostsJob::wait_for_news() {
  std::vector<pollfd> sources;
  for (const Rank& rank : ranks_) sources.push_back({rank.process.get(), POLLIN, 0});  // -1 is passed over
  for (const tool::LineRelay& relay : relays_) sources.push_back({relay.from(), POLLIN, 0});
  const int patience_ms = kill_at_ ? static_cast<int>(std::max<int64_t>(kill_at_->left_ms(), 10)) : -1;
  if (poll(sources.data(), sources.size(), patience_ms) <= 0) return;
  for (size_t relay = 0; relay < relays_.size(); ++relay)
    if (sources[ranks_.size() + relay].revents != 0) relays_[relay].pump();
}

void HostsJob::look_at(Rank& rank) {
  int status = 0;
  if (!rank.process.valid() || waitpid(rank.pid, &status, WNOHANG) != rank.pid) return;
  rank.process = FileDescriptor();
  --running_;
  if (status == 0 || kill_at_) return;
  const std::string how = WIFSIGNALED(status) ? fmt::format("was killed by signal {}", WTERMSIG(status))
                                              : fmt::format("exited with status {}", WEXITSTATUS(status));
  std::fprintf(stderr, "hosts: rank %d on %s %s%s\n", rank.number, hosts_[rank.host].name().c_str(),
               how.c_str(), running_ > 0 ? "; ending the others" : "");
  end_all(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

void HostsJob::end_all(int status) {
  status_ = status;
  kill_at_ = Deadline::after_ms(grace_ms);
  for (const Rank& rank : ranks_)
    if (rank.process.valid()) kill(rank.pid, SIGTERM);
}

HostsJob::~HostsJob() {
  for (const Rank& rank : ranks_) {
    if (!rank.process.valid()) continue;
    kill(rank.pid, SIGKILL);
    waitpid(rank.pid, nullptr, 0);
  }
}

}  // namespace bccl::test
