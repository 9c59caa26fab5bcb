#include "tools/bccl/rank_process.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/system_limit.h"
#include "tools/bccl/launch.h"

namespace bccl::tool {
namespace {

struct Pipe {
  FileDescriptor read;
  FileDescriptor write;
};

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

/// The child's side of the fork. Ends in the program or in _exit.
[[noreturn]] void become(const RankStart& start, pid_t launcher, char** arguments, char** environment) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != launcher) _exit(exit_signal_base + SIGKILL);  // it died before it could take us along
  unblock_signals();
  if (!start.read_input) forget_input();
  if (start.core >= 0) bind_to(start.core);
  execvpe(arguments[0], arguments, environment);
  const StartFailure failure{start.rank, errno};
  const ssize_t written = write(start.report_fd, &failure, sizeof failure);
  _exit(written == sizeof failure && failure.error_number == ENOENT ? exit_not_found : exit_cannot_execute);
}

}  // namespace

Result<RankProcess> RankProcess::start(const RankStart& start) {
  Pipe output, errors;
  if (start.relay_output) {
    output = BCCL_TRY(make_pipe());
    errors = BCCL_TRY(make_pipe());
  }
  std::vector<char*> arguments = pointers_to(*start.command);
  std::vector<char*> environment = pointers_to(start.environment);
  const pid_t launcher = getpid();
  const pid_t pid = fork();
  if (pid < 0) return fail_errno(errno, fmt::format("cannot start a process for rank {}", start.rank));
  if (pid == 0) {
    if (start.relay_output) {
      dup2(output.write.get(), STDOUT_FILENO);
      dup2(errors.write.get(), STDERR_FILENO);
    }
    become(start, launcher, arguments.data(), environment.data());
  }
  setpgid(pid, pid);  // whoever comes first: a signal sent right away must find the group
  RankProcess process(start.rank, pid);
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

void RankProcess::send(int signal) const { kill(-pid_, signal); }

void RankProcess::collect() {
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

int RankProcess::exit_status() const { return killed_by_signal() ? exit_signal_base + signal_ : status_; }

std::string RankProcess::describe() const {
  const std::string who = fmt::format("rank {} (pid {})", rank_, pid_);
  if (!killed_by_signal()) return fmt::format("{} exited with status {}", who, status_);
  return fmt::format("{} was killed by signal {} ({})", who, signal_, strsignal(signal_));
}

}  // namespace bccl::tool
