#include "tools/bccl/launch.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/system_limit.h"
#include "tools/bccl/line_relay.h"
#include "tools/bccl/rank_environment.h"
#include "tools/bccl/rank_process.h"
#include "tools/bccl/signal_inbox.h"
#include "topology/discovery.h"
#include "topology/binding.h"

namespace bccl::tool {
namespace {

class Launcher {
 public:
  Launcher(const Job& job, SignalInbox signals) : job_(job), signals_(std::move(signals)) {}
  ~Launcher();

  Status start();
  int run();

 private:
  template <class... Args>
  void say(fmt::format_string<Args...> format, Args&&... args) const {
    const std::string line = job_.speaker + ": " + fmt::format(format, std::forward<Args>(args)...) + "\n";
    std::fwrite(line.data(), 1, line.size(), stderr);
  }
  Status start_rank(int rank, const Meeting& meeting, int report_fd, const std::vector<int>& cores);
  void take_start_failures(int report_fd);
  void wait_for_news();
  int patience_ms() const;
  void take_signals();
  void look_at_ranks();
  void look_at_clock();
  void end(int signal, int status);
  void send_all(int signal) const;

  const Job& job_;
  SignalInbox signals_;
  std::vector<RankProcess> ranks_;
  std::vector<LineRelay> relays_;
  std::optional<Meeting> meeting_;
  int running_ = 0;
  int status_ = 0;  ///< What the job will exit with.
  bool ending_ = false;
  bool killed_ = false;
  std::optional<Deadline> time_limit_;
  std::optional<Deadline> kill_at_;
};

Status Launcher::start() {
  meeting_ = BCCL_TRY(make_meeting());
  std::vector<int> cores;
  if (job_.binding == Binding::core) cores = binding_order(*BCCL_TRY(this_machine()));
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) return fail_limit(errno, "cannot make a pipe to the ranks");
  FileDescriptor report_read(report[0]), report_write(report[1]);
  for (int rank = 0; rank < job_.ranks; ++rank)
    BCCL_TRY(start_rank(rank, *meeting_, report_write.get(), cores));
  report_write = FileDescriptor();
  take_start_failures(report_read.get());
  if (job_.timeout_ms > 0) time_limit_ = Deadline::after_ms(job_.timeout_ms);
  return {};
}

Status Launcher::start_rank(int rank, const Meeting& meeting, int report_fd, const std::vector<int>& cores) {
  RankStart start;
  start.rank = rank;
  start.command = &job_.command;
  start.environment = environment_of(rank, job_.ranks, meeting);
  if (!cores.empty()) start.core = cores[static_cast<size_t>(rank) % cores.size()];
  // A terminal stays with the launcher: ranks are background process groups and would be stopped reading it.
  start.read_input = rank == 0 && isatty(STDIN_FILENO) == 0;
  start.relay_output = job_.prefix;
  start.report_fd = report_fd;
  RankProcess process = BCCL_TRY(RankProcess::start(start));
  if (job_.prefix) {
    const std::string prefix = fmt::format("[{}] ", rank);
    relays_.emplace_back(std::move(process.output), STDOUT_FILENO, prefix);
    relays_.emplace_back(std::move(process.errors), STDERR_FILENO, prefix);
  }
  ranks_.push_back(std::move(process));
  ++running_;
  return {};
}

/// Reads until every rank has become the program or given up: the pipe closes on exec.
void Launcher::take_start_failures(int report_fd) {
  StartFailure failure;
  while (read(report_fd, &failure, sizeof failure) == sizeof failure) {
    if (ending_) continue;
    say("cannot run '{}': {}", job_.command.front(), std::strerror(failure.error_number));
    end(SIGTERM, failure.error_number == ENOENT ? exit_not_found : exit_cannot_execute);
  }
}

int Launcher::run() {
  look_at_ranks();
  while (running_ > 0) {
    wait_for_news();
    take_signals();
    look_at_ranks();
    look_at_clock();
  }
  return status_;
}

void Launcher::wait_for_news() {
  std::vector<pollfd> sources{{signals_.fd(), POLLIN, 0}};
  for (const LineRelay& relay : relays_) sources.push_back({relay.from(), POLLIN, 0});  // -1 is passed over
  if (poll(sources.data(), sources.size(), patience_ms()) <= 0) return;
  for (size_t i = 0; i < relays_.size(); ++i)
    if (sources[i + 1].revents != 0) relays_[i].pump();
}

int Launcher::patience_ms() const {
  int64_t left = -1;
  for (const auto& deadline : {time_limit_, kill_at_})
    if (deadline) left = left < 0 ? deadline->left_ms() : std::min(left, deadline->left_ms());
  return static_cast<int>(std::min<int64_t>(left, 60'000));
}

void Launcher::take_signals() {
  for (int signal; (signal = signals_.take()) != 0;) {
    if (signal == SIGCHLD) continue;
    if (ending_) {
      kill_at_ = Deadline::after_ms(0);  // asked twice: at once
    } else {
      say("got signal {} ({}); passing it on to the ranks", signal, strsignal(signal));
      end(signal, exit_signal_base + signal);
    }
  }
}

void Launcher::look_at_ranks() {
  std::vector<const RankProcess*> failed;
  for (RankProcess& rank : ranks_) {
    if (!rank.look()) continue;
    --running_;
    if (rank.exit_status() != 0) failed.push_back(&rank);
  }
  if (ending_ || failed.empty()) return;
  // Seen together, the order is unknown: a rank that was killed is more likely the cause than one that gave
  // up.
  auto killed =
      std::find_if(failed.begin(), failed.end(), [](auto* rank) { return rank->killed_by_signal(); });
  const RankProcess& culprit = killed != failed.end() ? **killed : *failed.front();
  say("{}{}", culprit.describe(), running_ > 0 ? fmt::format("; ending the {} other ranks", running_) : "");
  end(SIGTERM, culprit.exit_status());
}

void Launcher::look_at_clock() {
  if (time_limit_ && time_limit_->passed()) {
    say("the job ran longer than {} s (--timeout); ending it",
        static_cast<double>(time_limit_->budget_ms()) / 1000);
    end(SIGTERM, exit_timed_out);
  }
  if (!kill_at_ || !kill_at_->passed() || killed_ || running_ == 0) return;
  say("{} of {} ranks did not end when asked; killing them", running_, job_.ranks);
  send_all(SIGKILL);
  killed_ = true;
  kill_at_.reset();
}

void Launcher::end(int signal, int status) {
  time_limit_.reset();
  ending_ = true;
  status_ = status;
  kill_at_ = Deadline::after_ms(job_.grace_ms);
  send_all(signal);
  send_all(SIGCONT);  // a stopped rank would not notice
}

void Launcher::send_all(int signal) const {
  for (const RankProcess& rank : ranks_) rank.send(signal);
}

/// Whatever happened, no rank outlives the launcher, and of a job that failed nothing that its ranks started.
Launcher::~Launcher() {
  if (ending_ || running_ > 0) send_all(SIGKILL);
  for (LineRelay& relay : relays_) relay.finish();
  for (RankProcess& rank : ranks_) rank.collect();
}

}  // namespace

Result<int> launch(const Job& job) {
  Launcher launcher(job, BCCL_TRY(SignalInbox::open()));
  BCCL_TRY(launcher.start());
  return launcher.run();
}

}  // namespace bccl::tool
