#include "transport/tcp/life.h"

#include <algorithm>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace bccl::tcp {
namespace {

/// Failure costs the early news of a death only: the kernel's own, later limits stay.
void set(int socket, int level, int option, int value) { setsockopt(socket, level, option, &value, sizeof value); }

}  // namespace

void watch_life(int socket, int64_t detection_ms, bool idle) {
  const int seconds = static_cast<int>(std::clamp<int64_t>(detection_ms / 1000, 1, 32'000));
  set(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(socket, IPPROTO_TCP, TCP_KEEPIDLE, 1);
  set(socket, IPPROTO_TCP, TCP_KEEPINTVL, 1);
  set(socket, IPPROTO_TCP, TCP_KEEPCNT, std::clamp(seconds - 1, 1, 127));
  if (idle) set(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(std::max<int64_t>(detection_ms, 1000)));
}

}  // namespace bccl::tcp
