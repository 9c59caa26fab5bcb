#include "tools/bccl/signal_inbox.h"

#include <cerrno>

#include <sys/signalfd.h>

namespace bccl::tool {
namespace {

/// A blocked signal is delivered to the descriptor even where it is ignored (nohup, a shell's background
/// jobs); what our parent ignores we go on ignoring.
bool ignored(int signal) {
  struct sigaction action;
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Result<SignalInbox> SignalInbox::open() {
  ::signal(SIGCHLD, SIG_DFL);  // ignored, children would vanish without a status
  sigset_t wanted, before;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGCHLD);
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT})
    if (!ignored(signal)) sigaddset(&wanted, signal);
  FileDescriptor fd(signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) return fail_errno(errno, "cannot open a signal descriptor");
  sigprocmask(SIG_BLOCK, &wanted, &before);
  return SignalInbox(std::move(fd), before);
}

SignalInbox::~SignalInbox() {
  if (fd_.valid()) sigprocmask(SIG_SETMASK, &before_, nullptr);
}

int SignalInbox::take() {
  signalfd_siginfo signal;
  return read(fd_.get(), &signal, sizeof signal) == sizeof signal ? static_cast<int>(signal.ssi_signo) : 0;
}

}  // namespace bccl::tool
