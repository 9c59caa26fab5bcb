#include "comm/placement.h"

#include <algorithm>
#include <iterator>

#include <unistd.h>

#include "base/log.h"
#include "base/quiet_thread.h"
#include "base/affinity.h"
#include "topology/binding.h"
#include "topology/discovery.h"

namespace bccl {
namespace {

bool is_off(const Settings& settings) { return settings.placement == "off"; }

std::vector<int> united(const std::vector<int>& one, const std::vector<int>& other) {
  std::vector<int> both;
  std::ranges::set_union(one, other, std::back_inserter(both));
  return both;
}

std::vector<int> processors_for(int numa_node) {
  const Result<const Topology*> machine = this_machine(Cores::all);
  if (!machine.ok()) return {};
  const std::vector<int> caller = processors_of_thread();
  const std::vector<int> allowed = united(caller, processors_of_thread(getpid()));
  const std::vector<int> near_it = processors_of_node(*machine.value(), numa_node);
  std::vector<int> processors = service_processors(*machine.value(), near_it, allowed);
  return processors.empty() ? service_processors(*machine.value(), caller, allowed) : processors;
}

}  // namespace

void place_threads(const Settings& settings) { set_thread_place(is_off(settings) ? nullptr : processors_for); }

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
