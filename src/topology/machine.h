/// What this machine is, as far as collectives care: read once through hwloc. A value.
#pragma once

#include <cstddef>
#include <string>

#include "base/status.h"

namespace bccl {

struct Machine {
  std::string host_name;
  std::string processor;     ///< Model, as the system names it.
  int cores = 1;             ///< Logical processors this process may run on.
  int packages = 1;
  int numa_nodes = 1;
  size_t l2_bytes = 0;       ///< Of one core; 0: unknown.
  size_t l3_bytes = 0;       ///< Of one L3; 0: unknown.
  int l3_count = 0;
  size_t memory_bytes = 0;
  bool operator==(const Machine&) const = default;
};

Result<Machine> read_machine();

/// The same, read once in this process: reading takes milliseconds. Any thread.
Result<const Machine*> this_machine();

/// From an hwloc synthetic description or XML file, for tests.
Result<Machine> machine_from_synthetic(const std::string& description);
Result<Machine> machine_from_xml(const std::string& path);

}  // namespace bccl
