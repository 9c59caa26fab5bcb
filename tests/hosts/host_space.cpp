#include "host_space.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "system_call.h"

namespace bccl::test {
namespace {

constexpr int all_namespaces = CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWPID;
constexpr int64_t end_patience_ms = 30'000;

FileDescriptor watch(pid_t process) {
  return FileDescriptor(
      must(static_cast<int>(syscall(SYS_pidfd_open, process, 0)), "cannot watch a process"));
}

void write_file(const char* path, const std::string& text) {
  const FileDescriptor file(
      must(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644), fmt::format("cannot make {}", path)));
  must(static_cast<int>(write(file.get(), text.data(), text.size())), fmt::format("cannot write {}", path));
}

/// Shows a text in a file's place.
void cover(const char* path, const std::string& text) {
  constexpr const char* source = "/dev/shm/cover";
  write_file(source, text);
  must(mount(source, path, nullptr, MS_BIND, nullptr), fmt::format("cannot cover {}", path));
  must(unlink(source), "cannot remove the source of a cover");
}

/// A /sys of the host's own network devices, with the control groups that the old one showed.
void mount_sys() {
  const FileDescriptor groups(
      open_tree(AT_FDCWD, "/sys/fs/cgroup", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
  must(mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr), "cannot mount /sys");
  if (groups.valid())
    must(move_mount(groups.get(), "", AT_FDCWD, "/sys/fs/cgroup", MOVE_MOUNT_F_EMPTY_PATH),
         "cannot mount /sys/fs/cgroup");
}

/// Makes the namespaces that this process is in the host's.
void move_in(const HostIdentity& identity) {
  must(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "cannot keep mounts private");
  must(sethostname(identity.name.data(), identity.name.size()), "cannot set the host name");
  must(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr), "cannot mount /proc");
  must(mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777"), "cannot mount /dev/shm");
  mount_sys();
  cover("/proc/sys/kernel/random/boot_id", identity.boot_id + "\n");
  cover("/etc/hosts", identity.etc_hosts);
}

/// A process like fork()'s child, but a child of this one's parent; 0 in the new process. The new process is
/// in the PID namespace that this one has chosen for its children, which this one cannot enter itself.
pid_t fork_sibling() { return static_cast<pid_t>(syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0)); }

/// What start_elsewhere()'s two new processes tell this one.
struct News {
  pid_t pid = -1;
  int error_number = 0;
};

/// Starts a process that is elsewhere: `go` takes its short-lived elder sibling there.
template <class Go>
pid_t start_elsewhere(const Go& go, const Become& become, const std::string& what) {
  int ends[2];
  must(pipe2(ends, O_CLOEXEC), "cannot make a pipe");
  const FileDescriptor read_end(ends[0]);
  FileDescriptor write_end(ends[1]);
  const pid_t elder = must(fork(), "cannot fork");
  if (elder == 0) {
    News news;
    if (go()) news.pid = fork_sibling();
    if (news.pid == 0) become();
    news.error_number = errno;
    _exit(write(write_end.get(), &news, sizeof news) == sizeof news ? 0 : 1);
  }
  write_end = FileDescriptor();
  News news;
  const ssize_t bytes = read(read_end.get(), &news, sizeof news);
  waitpid(elder, nullptr, 0);
  if (bytes != sizeof news) throw std::runtime_error(what + ": the process that was to start it died");
  errno = news.error_number;
  return must(news.pid, what);
}

/// The life of a host's first process: it takes in orphans, and goes when the program that made the host has.
[[noreturn]] void keep(int program) {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  ::signal(SIGCHLD, SIG_IGN);  // no orphan stays a zombie
  dup2(program, 3);
  close_range(4, ~0U, 0);
  const int null = open("/dev/null", O_RDWR);
  for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null, stream);
  pollfd ended{3, POLLIN, 0};
  while (poll(&ended, 1, -1) != 1) {
  }
  _exit(0);
}

}  // namespace

HostSpace::HostSpace(const HostIdentity& identity) : name_(identity.name) {
  const FileDescriptor self = watch(getpid());
  int ends[2];
  must(pipe2(ends, O_CLOEXEC), "cannot make a pipe");
  const FileDescriptor read_end(ends[0]);
  FileDescriptor write_end(ends[1]);
  const auto live = [&] {
    std::string report = "ready";
    try {
      prctl(PR_SET_NAME, identity.name.c_str());
      move_in(identity);
    } catch (const std::exception& error) {
      report = error.what();
    }
    if (write(write_end.get(), report.data(), report.size()) < 0 || report != "ready") _exit(1);
    keep(self.get());
  };
  first_ = start_elsewhere([] { return unshare(all_namespaces) == 0; }, live, "cannot make host " + name_);
  write_end = FileDescriptor();
  char report[1024];
  const ssize_t bytes = read(read_end.get(), report, sizeof report);
  const std::string said(report, bytes < 0 ? 0 : static_cast<size_t>(bytes));
  if (said == "ready") return;
  waitpid(first_, nullptr, 0);
  throw std::runtime_error(fmt::format("cannot make host {}: {}", name_, said.empty() ? "it died" : said));
}

pid_t HostSpace::start(const Become& become) const {
  char directory[4096];
  if (getcwd(directory, sizeof directory) == nullptr) must(-1, "cannot name the working directory");
  const FileDescriptor host = watch(first_);
  const auto go = [&] {
    // In another mount namespace a process begins at the root.
    return setns(host.get(), all_namespaces) == 0 && chdir(directory) == 0;
  };
  return start_elsewhere(go, become, "cannot start a program on " + name_);
}

void HostSpace::kill_all() {
  if (!killed_) kill(first_, SIGKILL);
  killed_ = true;
}

HostSpace::~HostSpace() {
  kill_all();
  const FileDescriptor process = watch(first_);
  pollfd ended{process.get(), POLLIN, 0};
  // The first process of a PID namespace ends after all others have been waited for.
  if (poll(&ended, 1, end_patience_ms) != 1) {
    std::fprintf(stderr, "%s goes before the objects of programs that were started on it\n", name_.c_str());
    std::abort();
  }
  waitpid(first_, nullptr, 0);
}

}  // namespace bccl::test
