/// What the kernel says this process holds: to prove that everything taken was given back.
#pragma once

#include <cstddef>
#include <string>

namespace bccl::test {

int open_descriptors();
int running_threads();

/// Mappings whose file's name contains `name`.
struct Mappings {
  int count = 0;
  size_t bytes = 0;
  size_t resident_bytes = 0;  ///< Of which pages exist here.
};
Mappings mappings_of(const std::string& name);

/// The name of every communicator's shared memory.
inline constexpr const char* node_memory_name = "bccl-node";

}  // namespace bccl::test
