#include "comm/placement.h"

#include "base/log.h"
#include "topology/binding.h"

namespace bccl {
namespace {

bool is_off(const Settings& settings) { return settings.placement == "off"; }

}  // namespace

int memory_node_for(const Whereabouts& rank, const Settings& settings) {
  return is_off(settings) ? -1 : memory_node(*rank.machine, rank.location);
}

int memory_node_here(const Settings& settings) {
  if (is_off(settings)) return -1;
  const Result<Whereabouts> here = find_whereabouts({});
  if (here.ok()) return memory_node_for(here.value(), settings);
  log(LogLevel::info, "memory lies where it is touched first: {}", here.sentence());
  return -1;
}

}  // namespace bccl
