/// The pages behind memory that stays mapped: where they lie, given back to the system, and got again. Whole pages inside the
/// span only.
#pragma once

#include <cstddef>
#include <span>

#include "base/status.h"

namespace bccl {

inline constexpr size_t page_bytes = 4096;

/// Shared memory of a memfd: the pages go for all who map it. What is read there next is zero.
Status return_shared_pages(std::span<std::byte> memory);
/// Anonymous memory of this process.
Status return_own_pages(std::span<std::byte> memory);

/// Has the pages there before somebody needs them; their bytes stay as they are. Without effect before Linux 5.14.
Status fetch_pages(std::span<std::byte> memory);

/// Pages there that are touched from now on, by whatever thread or process, lie on this NUMA node if it has room. The error
/// says what the system has against it: no such node, or no permission in a container.
Status prefer_node(std::span<std::byte> memory, int node_number);

}  // namespace bccl
