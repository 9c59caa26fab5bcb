/// Tells a process from its forked children. Everything a node shares (file locks, mappings, descriptors'
/// meaning) belongs to the process that joined; a child inherits only the objects and must keep its hands
/// off. Any thread may call it; one load.
#pragma once

#include <atomic>
#include <cstdint>

namespace bccl {

namespace fork_watch {
extern std::atomic<uint64_t> generation;  ///< 0: nobody has asked yet.
uint64_t start();                         ///< Registers the fork handler, once.
}  // namespace fork_watch

/// Never 0, the same for a process's life, another in a child forked after the first call.
/// So remember it when something shared is made, and compare before it is used.
inline uint64_t process_generation() {
  const uint64_t now = fork_watch::generation.load(std::memory_order_relaxed);
  return now != 0 ? now : fork_watch::start();
}

}  // namespace bccl
