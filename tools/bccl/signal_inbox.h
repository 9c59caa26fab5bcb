/// Signals as a descriptor: SIGCHLD and the signals that ask a program to end arrive here instead of
/// interrupting. One a process. The previous mask comes back with the destructor.
#pragma once

#include <signal.h>

#include "base/file_descriptor.h"
#include "base/status.h"

namespace bccl::tool {

class SignalInbox {
 public:
  static Result<SignalInbox> open();
  SignalInbox(SignalInbox&&) = default;
  ~SignalInbox();

  int fd() const { return fd_.get(); }
  int take();  ///< The number of the next signal that has arrived; 0: none.

 private:
  SignalInbox(FileDescriptor fd, const sigset_t& before) : fd_(std::move(fd)), before_(before) {}
  FileDescriptor fd_;
  sigset_t before_;
};

}  // namespace bccl::tool
