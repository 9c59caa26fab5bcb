/// What the kernel is asked to do so that a peer whose host or network is gone does not go unnoticed.
#pragma once

#include <cstdint>

namespace bccl::tcp {

/// `idle`: a socket that carries nothing. The kernel then asks the peer's host every second whether it still has the
/// connection, and gives up after detection_ms; this works although the peer's process may read nothing for hours,
/// which on a socket that carries data would look the same as death. Sockets for data are asked only while idle.
void watch_life(int socket, int64_t detection_ms, bool idle);

}  // namespace bccl::tcp
