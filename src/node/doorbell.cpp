#include "node/doorbell.h"

#include <cerrno>
#include <cstdint>

#include <linux/membarrier.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

#include "base/clock.h"
#include "base/system_limit.h"

namespace bccl {

Result<FileDescriptor> make_doorbell() {
  FileDescriptor doorbell{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (!doorbell.valid()) return fail_limit(errno, "cannot create an event descriptor to wake a rank with");
  return doorbell;
}

void ring_doorbell(int doorbell) {
  const uint64_t one = 1;
  // EAGAIN: it has been rung 2^64 times and is as loud as can be. Nothing else can befall a live eventfd.
  while (::write(doorbell, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

bool wait_for_ring(int doorbell, int timeout_ms, int other) {
  const Deadline deadline = Deadline::after_ms(timeout_ms);
  pollfd wanted[2] = {{doorbell, POLLIN, 0}, {other, POLLIN, 0}};  // a negative one is passed over
  int found = 0;
  do {
    found = poll(wanted, 2, static_cast<int>(deadline.left_ms()));
  } while (found < 0 && errno == EINTR);
  if (found <= 0 || (wanted[0].revents & POLLIN) == 0) return false;
  uint64_t rings = 0;
  while (::read(doorbell, &rings, sizeof rings) < 0 && errno == EINTR) {
  }
  return rings > 0;
}

bool register_ringers() {
  return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0;
}

bool order_with_ringers() { return syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0) == 0; }

}  // namespace bccl
