#include "tools/bccl/supervisor.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/system_limit.h"

namespace bccl::tool {

Result<Supervisor> Supervisor::make(Supervision supervision) {
  return Supervisor(std::move(supervision), BCCL_TRY(SignalInbox::open()));
}

Supervisor::Supervisor(Supervision supervision, SignalInbox signals)
    : supervision_(std::move(supervision)), signals_(std::move(signals)) {}

Status Supervisor::start(const std::vector<RankStart>& starts) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) return fail_limit(errno, "cannot make a pipe to the processes");
  FileDescriptor report_read(report[0]), report_write(report[1]);
  for (const RankStart& start : starts) {
    processes_.push_back(BCCL_TRY(RankProcess::start(start, report_write.get())));
    prefixes_.push_back(start.output_prefix);
    ++running_;
  }
  report_write = FileDescriptor();
  take_start_failures(report_read.get(), starts);
  if (supervision_.timeout_ms > 0) time_limit_ = Deadline::after_ms(supervision_.timeout_ms);
  return {};
}

/// Reads until every process has become the program or given up: the pipe closes on exec.
void Supervisor::take_start_failures(int report_fd, const std::vector<RankStart>& starts) {
  StartFailure failure;
  while (read(report_fd, &failure, sizeof failure) == sizeof failure) {
    if (ending_) continue;
    say("cannot run '{}': {}", starts.front().command.front(), std::strerror(failure.error_number));
    end(SIGTERM, failure.error_number == ENOENT ? exit_not_found : exit_cannot_execute);
  }
}

std::string Supervisor::line_from(size_t process, std::string_view marker) {
  const int from = processes_[process].output.get();
  std::string line;
  while (!ending_ && running_ > 0) {
    pollfd sources[] = {{signals_.fd(), POLLIN, 0}, {from, POLLIN, 0}};
    if (poll(sources, 2, patience_ms()) < 0) continue;
    look_at_all();
    char letter = 0;
    if (sources[1].revents == 0) continue;
    if (read(from, &letter, 1) != 1) break;
    line += letter;
    if (letter != '\n') continue;
    if (line.starts_with(marker)) return line.substr(marker.size(), line.size() - marker.size() - 1);
    std::fwrite(line.data(), 1, line.size(), stdout);  // what a shell there says to greet
    line.clear();
  }
  return "";
}

int Supervisor::run() {
  relay_outputs();
  look_at_processes();
  while (running_ > 0) {
    wait_for_news();
    look_at_all();
  }
  return status_;
}

void Supervisor::relay_outputs() {
  std::fflush(stdout);
  for (size_t at = 0; at < processes_.size(); ++at) {
    RankProcess& process = processes_[at];
    if (process.output.valid()) relays_.emplace_back(std::move(process.output), STDOUT_FILENO, prefixes_[at]);
    if (process.errors.valid()) relays_.emplace_back(std::move(process.errors), STDERR_FILENO, prefixes_[at]);
  }
}

void Supervisor::look_at_all() {
  take_signals();
  look_at_processes();
  look_at_clock();
}

void Supervisor::wait_for_news() {
  std::vector<pollfd> sources{{signals_.fd(), POLLIN, 0}, {supervision_.ended_by_fd, POLLIN, 0}};
  const size_t relays_at = sources.size();
  for (const LineRelay& relay : relays_) sources.push_back({relay.from(), POLLIN, 0});  // -1 is passed over
  if (poll(sources.data(), sources.size(), patience_ms()) <= 0) return;
  if (sources[1].revents != 0) look_at_end_of(supervision_.ended_by_fd);
  for (size_t i = 0; i < relays_.size(); ++i)
    if (sources[relays_at + i].revents != 0) relays_[i].pump();
}

void Supervisor::look_at_end_of(int fd) {
  char ignored[64];
  const ssize_t bytes = read(fd, ignored, sizeof ignored);
  if (bytes > 0 || (bytes < 0 && (errno == EAGAIN || errno == EINTR))) return;
  supervision_.ended_by_fd = -1;
  if (!ending_) end(SIGTERM, exit_signal_base + SIGTERM);
}

int Supervisor::patience_ms() const {
  int64_t left = -1;
  for (const auto& deadline : {time_limit_, kill_at_})
    if (deadline) left = left < 0 ? deadline->left_ms() : std::min(left, deadline->left_ms());
  return static_cast<int>(std::min<int64_t>(left, 60'000));
}

void Supervisor::take_signals() {
  for (int signal; (signal = signals_.take()) != 0;) {
    if (signal == SIGCHLD) continue;
    if (ending_) {
      kill_at_ = Deadline::after_ms(0);  // asked twice: at once
    } else {
      say("got signal {} ({}); passing it on to the {}", signal, strsignal(signal), supervision_.unit);
      end(signal, exit_signal_base + signal);
    }
  }
}

void Supervisor::look_at_processes() {
  std::vector<const RankProcess*> failed;
  for (RankProcess& process : processes_) {
    if (!process.look()) continue;
    --running_;
    if (process.exit_status() != 0) failed.push_back(&process);
  }
  if (ending_ || failed.empty()) return;
  // Seen together, the order is unknown: one that was killed is more likely the cause than one that gave up.
  auto killed =
      std::find_if(failed.begin(), failed.end(), [](auto* process) { return process->killed_by_signal(); });
  const RankProcess& culprit = killed != failed.end() ? **killed : *failed.front();
  say("{}{}", culprit.describe(),
      running_ > 0 ? fmt::format("; ending the {} other {}", running_, supervision_.unit) : "");
  end(SIGTERM, culprit.exit_status());
}

void Supervisor::look_at_clock() {
  if (time_limit_ && time_limit_->passed()) {
    say("the job ran longer than {} s (--timeout); ending it",
        static_cast<double>(time_limit_->budget_ms()) / 1000);
    end(SIGTERM, exit_timed_out);
  }
  if (!kill_at_ || !kill_at_->passed() || killed_ || running_ == 0) return;
  say("{} of {} {} did not end when asked; killing them", running_, processes_.size(), supervision_.unit);
  send_all(SIGKILL);
  killed_ = true;
  kill_at_.reset();
}

void Supervisor::end(int signal, int status) {
  time_limit_.reset();
  ending_ = true;
  status_ = status;
  kill_at_ = Deadline::after_ms(supervision_.grace_ms);
  send_all(signal);
  send_all(SIGCONT);  // a stopped process would not notice
}

void Supervisor::send_all(int signal) {
  for (RankProcess& process : processes_) process.ask(signal);
}

/// Whatever happened, no process outlives its supervisor, and of a job that failed nothing that they started.
Supervisor::~Supervisor() {
  if (ending_ || running_ > 0) send_all(SIGKILL);
  for (LineRelay& relay : relays_) relay.finish();
  for (RankProcess& process : processes_) process.collect();
}

}  // namespace bccl::tool
