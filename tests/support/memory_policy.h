/// How the kernel places memory, asked of it.
#pragma once

#include <optional>

#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bccl::test {

inline constexpr int no_node = -1;

/// The NUMA node (0 … 63) that a page at this address is to lie on, no_node if none was asked for; nothing where the
/// kernel does not say (in a container, or without NUMA).
inline std::optional<int> preferred_node(const void* address) {
  int policy = 0;
  unsigned long nodes[16] = {};
  if (syscall(SYS_get_mempolicy, &policy, nodes, sizeof nodes * 8, address, MPOL_F_ADDR) != 0) return std::nullopt;
  return policy == MPOL_PREFERRED && nodes[0] != 0 ? __builtin_ctzl(nodes[0]) : no_node;
}

/// The node that the page there lies on; negative: there is no page.
inline int node_of_page(void* address) {
  int node = no_node;
  return syscall(SYS_move_pages, 0, 1UL, &address, nullptr, &node, 0) == 0 ? node : no_node;
}

}  // namespace bccl::test
