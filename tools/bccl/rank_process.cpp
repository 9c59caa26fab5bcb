#include "tools/bccl/rank_process.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/system_limit.h"
#include "tools/bccl/supervisor.h"

namespace bccl::tool {
namespace {

struct Pipe {
  FileDescriptor read;
  FileDescriptor write;
};

/// A pipe to a process that may have ended is a socket: writing to it is then an error and no signal.
Result<Pipe> make_input() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return fail_limit(errno, "cannot make the input of a process");
  return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

Result<Pipe> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail_limit(errno, "cannot make a pipe for a rank's output");
  return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

std::vector<char*> pointers_to(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

void bind_to(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<size_t>(core), &set);
  sched_setaffinity(0, sizeof set, &set);
}

void forget_input() {
  const int null = open("/dev/null", O_RDONLY);
  if (null >= 0) dup2(null, STDIN_FILENO);
}

/// The launcher blocks signals to read them from a descriptor; a rank must not inherit that.
void unblock_signals() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// The child leads a group of its own, and ends with the launcher.
void live_with(pid_t launcher) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != launcher) _exit(exit_signal_base + SIGKILL);  // it died before it could take us along
}

/// The child's side of the fork. Ends in the program or in _exit.
[[noreturn]] void become(const RankStart& start, int report_fd, char** arguments, char** environment) {
  unblock_signals();
  if (start.input == RankInput::none) forget_input();
  if (start.core >= 0) bind_to(start.core);
  execvpe(arguments[0], arguments, environment);
  const StartFailure failure{errno};
  const ssize_t written = write(report_fd, &failure, sizeof failure);
  _exit(written == sizeof failure && failure.error_number == ENOENT ? exit_not_found : exit_cannot_execute);
}

}  // namespace

Result<RankProcess> RankProcess::start(const RankStart& start, int report_fd) {
  Pipe output, errors, input;
  if (start.input == RankInput::told) input = BCCL_TRY(make_input());
  if (start.relay_output) {
    output = BCCL_TRY(make_pipe());
    errors = BCCL_TRY(make_pipe());
  }
  std::vector<char*> arguments = pointers_to(start.command);
  std::vector<char*> environment = pointers_to(start.environment);
  const pid_t launcher = getpid();
  const pid_t pid = fork();
  if (pid < 0) return fail_errno(errno, fmt::format("cannot start a process for {}", start.name));
  if (pid == 0) {
    live_with(launcher);
    if (input.read.valid()) dup2(input.read.get(), STDIN_FILENO);
    if (start.relay_output) {
      dup2(output.write.get(), STDOUT_FILENO);
      dup2(errors.write.get(), STDERR_FILENO);
    }
    become(start, report_fd, arguments.data(), environment.data());
  }
  setpgid(pid, pid);  // whoever comes first: a signal sent right away must find the group
  RankProcess process(start.name, pid);
  process.input_ = std::move(input.write);
  process.is_told_ = start.input == RankInput::told;
  process.output = std::move(output.read);
  process.errors = std::move(errors.read);
  return process;
}

bool RankProcess::look() {
  siginfo_t ended{};
  // WNOWAIT leaves the dead process in the table, so that its group cannot become another's before collect().
  if (!running_ || waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT) != 0)
    return false;
  if (ended.si_pid != pid_) return false;
  running_ = false;
  (ended.si_code == CLD_EXITED ? status_ : signal_) = ended.si_status;
  return true;
}

void RankProcess::ask(int signal) {
  end_input();
  if (!is_told_ || signal == SIGKILL) kill(-pid_, signal);
}

void RankProcess::tell(const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    const ssize_t sent = send(input_.get(), text.data() + at, text.size() - at, MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR) return;  // it has ended, which will be noticed
    at += sent > 0 ? static_cast<size_t>(sent) : 0;
  }
}

void RankProcess::collect() {
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

int RankProcess::exit_status() const { return killed_by_signal() ? exit_signal_base + signal_ : status_; }

std::string RankProcess::describe() const {
  const std::string who = fmt::format("{} (pid {})", name_, pid_);
  if (!killed_by_signal()) return fmt::format("{} exited with status {}", who, status_);
  return fmt::format("{} was killed by signal {} ({})", who, signal_, strsignal(signal_));
}

}  // namespace bccl::tool
