/// A Location as fields of a JSON object; what is not known is left out. Inside src/topology only.
#pragma once

#include "base/json_fields.h"
#include "topology/topology.h"

namespace bccl {

inline constexpr int64_t parts_max = 1 << 16;  ///< Cores, caches, nodes, packages of a machine.

template <class Json>
void write_location(const Location& location, Json& object) {
  const auto write = [&](const char* name, int position) {
    if (position >= 0) object[name] = position;
  };
  write("core", location.core);
  write("l3", location.l3);
  write("numa_node", location.numa_node);
  write("package", location.package);
}

inline void read_location(JsonFields& fields, Location& location) {
  const auto read = [&](const char* name, int& position) {
    if (fields.has(name)) fields.number(name, position, 0, parts_max - 1);
  };
  read("core", location.core);
  read("l3", location.l3);
  read("numa_node", location.numa_node);
  read("package", location.package);
}

}  // namespace bccl
