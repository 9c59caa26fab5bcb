#include <unistd.h>

#include "base/log.h"
#include "transport/shm/regions.h"

namespace bccl::shm {

OwnRegions::OwnRegions(const Node& node, const std::vector<Arena>& arenas, size_t me)
    : node_(node), arenas_(arenas), me_(me) {
  for (uint32_t index = 0; index < regions_max; ++index) {
    regions_[index].node = &node;
    regions_[index].row = &arenas[me].regions().rows[index];
  }
}

OwnRegions::~OwnRegions() {
  for (Region& region : regions_)
    if (region.allocation) remove_claim(region.allocation, region);
}

std::string OwnRegions::Region::objection() const {
  if (lent.load(std::memory_order_acquire) == 0) return {};
  return fmt::format("a collective of {} is not done with it, or has failed with it: let that end, or destroy the "
                     "communicator", node->describe(node->rank()));
}

void OwnRegions::Region::withdraw() {
  withdrawn.store(true);
  row->serial.store(serial + 1, std::memory_order_release);
}

uint32_t OwnRegions::find(const std::byte* data, size_t bytes) {
  const auto at = reinterpret_cast<uintptr_t>(data);
  const uint64_t version = allocations_version();
  for (const Known& known : known_)
    if (known.version == version && at >= known.begin && at < known.end)
      return bytes <= known.end - at ? known.region : no_region;
  drop_freed();
  const uint32_t region = look_up(data, version);
  return region != no_region && bytes <= regions_[region].allocation->bytes - offset_of(data, region) ? region
                                                                                                       : no_region;
}

uint32_t OwnRegions::look_up(const std::byte* data, uint64_t version) {
  const Neighbourhood around = find_allocation(data);
  uint32_t region = no_region;
  if (around.allocation) {
    for (uint32_t index = 0; index < regions_max; ++index)
      if (regions_[index].allocation == around.allocation) region = index;
    if (region == no_region) region = announce(around.allocation);
  }
  known_[next_known_++ % known_.size()] = {version, around.begin, around.end, region};
  return region;
}

uint32_t OwnRegions::announce(const std::shared_ptr<const Allocation>& allocation) {
  uint32_t index = 0;
  while (index < regions_max && regions_[index].allocation) ++index;
  if (index == regions_max) {
    if (!warned_full_)
      log(LogLevel::info, "rank {}: {} pieces of memory are lent to peers, the most there can be; others are sent by value",
          node_.rank(), regions_max);
    warned_full_ = true;
    return no_region;
  }
  Region& region = regions_[index];
  region.withdrawn = false;
  region.allocation = allocation;
  region.serial = region.row->serial.load(std::memory_order_relaxed) + 1;
  if (!add_claim(allocation, region)) {
    region.allocation = nullptr;
    return no_region;
  }
  RegionTable& table = arenas_[me_].regions();
  table.process.store(static_cast<uint32_t>(getpid()), std::memory_order_relaxed);
  region.row->descriptor.store(static_cast<uint32_t>(allocation->descriptor.get()), std::memory_order_release);
  region.row->device.store(allocation->device, std::memory_order_release);
  region.row->inode.store(allocation->inode, std::memory_order_release);
  region.row->bytes.store(allocation->bytes, std::memory_order_release);
  region.row->serial.store(region.serial, std::memory_order_release);
  if (region.withdrawn.load()) region.row->serial.store(region.serial + 1, std::memory_order_release);
  arenas_.front().news().fetch_add(1, std::memory_order_release);
  return index;
}

/// Peers hear of it, too: nothing else would make them look again.
void OwnRegions::drop_freed() {
  const uint64_t version = allocations_version();
  if (version == dropped_version_) return;
  dropped_version_ = version;
  for (Region& region : regions_) {
    if (!region.allocation || !region.withdrawn.load()) continue;
    region.allocation = nullptr;
    arenas_.front().news().fetch_add(1, std::memory_order_release);
  }
}

}  // namespace bccl::shm
