/// Anonymous memory that several processes can map: a memfd, whose descriptor stands for it.
#pragma once

#include <cstddef>

#include "base/file_descriptor.h"
#include "base/status.h"

namespace bccl {

/// So many bytes, sealed so that nobody can take pages away under a reader. Occupies no pages yet. `name`: as the
/// system lists it; `what`: as errors call it ("the node's shared memory").
Result<FileDescriptor> make_shared_memory(const char* name, const char* what, size_t bytes);

/// Whether the descriptor is of memory that no one can shrink, so many bytes or more.
bool is_sealed_memory(int descriptor, size_t bytes);

}  // namespace bccl
