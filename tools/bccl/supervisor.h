/// Starts the processes of a job, watches over them and ends them together. One thread; one at a time. Every
/// process leads a process group of its own, and dies if its supervisor is killed.
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/status.h"
#include "tools/bccl/line_relay.h"
#include "tools/bccl/rank_process.h"
#include "tools/bccl/signal_inbox.h"

namespace bccl::tool {

/// Exit statuses that are the launcher's own (as timeout(1) and the shells have them).
inline constexpr int exit_timed_out = 124;
inline constexpr int exit_cannot_execute = 126;
inline constexpr int exit_not_found = 127;
inline constexpr int exit_signal_base = 128;

struct Supervision {
  std::string speaker;         ///< Begins every line that the supervisor itself writes.
  std::string unit = "ranks";  ///< What the processes are, for those lines.
  int64_t timeout_ms = 0;      ///< All are ended after this; 0: never.
  int64_t grace_ms = 5000;     ///< From being asked to end to SIGKILL.
  int ended_by_fd = -1;  ///< When this descriptor has come to its end, all are ended; -1: there is none.
};

class Supervisor {
 public:
  static Result<Supervisor> make(Supervision supervision);
  Supervisor(Supervisor&&) = default;
  ~Supervisor();

  /// Once. Returns when every process has become its program or has failed to, which has then been said.
  Status start(const std::vector<RankStart>& starts);

  /// The first line of a process's relayed output that begins with the marker, without it; those before it
  /// are passed on. Empty if the job ends first.
  std::string line_from(size_t process, std::string_view marker);
  RankProcess& process(size_t at) { return processes_[at]; }

  /// To the end of all. The value: 0 if every one ended well, else the exit status of the first to fail (128
  /// + its signal if one killed it), or one of those above; what happened has then been said on stderr.
  int run();

 private:
  Supervisor(Supervision supervision, SignalInbox signals);
  template <class... Args>
  void say(fmt::format_string<Args...> format, Args&&... args) const {
    const std::string line =
        supervision_.speaker + ": " + fmt::format(format, std::forward<Args>(args)...) + "\n";
    std::fwrite(line.data(), 1, line.size(), stderr);
  }
  void take_start_failures(int report_fd, const std::vector<RankStart>& starts);
  void relay_outputs();
  void look_at_all();
  void wait_for_news();
  int patience_ms() const;
  void take_signals();
  void look_at_processes();
  void look_at_clock();
  void look_at_end_of(int fd);
  void end(int signal, int status);
  void send_all(int signal);

  Supervision supervision_;
  SignalInbox signals_;
  std::vector<RankProcess> processes_;
  std::vector<std::string> prefixes_;
  std::vector<LineRelay> relays_;
  int running_ = 0;
  int status_ = 0;  ///< What the job will exit with.
  bool ending_ = false;
  bool killed_ = false;
  std::optional<Deadline> time_limit_;
  std::optional<Deadline> kill_at_;
};

}  // namespace bccl::tool
