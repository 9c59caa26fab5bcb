#include <unistd.h>

#include "base/log.h"
#include "transport/shm/windows.h"

namespace bccl::shm {

OwnWindows::OwnWindows(const Node& node, const std::vector<Arena>& arenas, size_t me)
    : node_(node), arenas_(arenas), me_(me) {
  for (uint32_t index = 0; index < windows_max; ++index) {
    windows_[index].node = &node;
    windows_[index].row = &arenas[me].windows().rows[index];
  }
}

OwnWindows::~OwnWindows() {
  for (Window& window : windows_)
    if (window.allocation) remove_claim(window.allocation, window);
}

std::string OwnWindows::Window::objection() const {
  if (lent.load(std::memory_order_acquire) == 0) return {};
  return fmt::format("a collective of {} is not done with it, or has failed with it: let that end, or destroy the "
                     "communicator", node->describe(node->rank()));
}

void OwnWindows::Window::withdraw() {
  withdrawn.store(true);
  row->serial.store(serial + 1, std::memory_order_release);
}

uint32_t OwnWindows::find(const std::byte* data, size_t bytes) {
  const auto at = reinterpret_cast<uintptr_t>(data);
  const uint64_t version = allocations_version();
  for (const Known& known : known_)
    if (known.version == version && at >= known.begin && at < known.end)
      return bytes <= known.end - at ? known.window : no_window;
  drop_freed();
  const uint32_t window = look_up(data, version);
  return window != no_window && bytes <= windows_[window].allocation->bytes - offset_of(data, window) ? window
                                                                                                       : no_window;
}

uint32_t OwnWindows::look_up(const std::byte* data, uint64_t version) {
  const Neighbourhood around = find_allocation(data);
  uint32_t window = no_window;
  if (around.allocation) {
    for (uint32_t index = 0; index < windows_max; ++index)
      if (windows_[index].allocation == around.allocation) window = index;
    if (window == no_window) window = announce(around.allocation);
  }
  known_[next_known_++ % known_.size()] = {version, around.begin, around.end, window};
  return window;
}

uint32_t OwnWindows::announce(const std::shared_ptr<const Allocation>& allocation) {
  uint32_t index = 0;
  while (index < windows_max && windows_[index].allocation) ++index;
  if (index == windows_max) {
    if (!warned_full_)
      log(LogLevel::info, "rank {}: {} pieces of memory are lent to peers, the most there can be; others are sent by value",
          node_.rank(), windows_max);
    warned_full_ = true;
    return no_window;
  }
  Window& window = windows_[index];
  window.withdrawn = false;
  window.allocation = allocation;
  window.serial = window.row->serial.load(std::memory_order_relaxed) + 1;
  if (!add_claim(allocation, window)) {
    window.allocation = nullptr;
    return no_window;
  }
  WindowTable& table = arenas_[me_].windows();
  table.process.store(static_cast<uint32_t>(getpid()), std::memory_order_relaxed);
  window.row->descriptor.store(static_cast<uint32_t>(allocation->descriptor.get()), std::memory_order_release);
  window.row->device.store(allocation->device, std::memory_order_release);
  window.row->inode.store(allocation->inode, std::memory_order_release);
  window.row->bytes.store(allocation->bytes, std::memory_order_release);
  window.row->serial.store(window.serial, std::memory_order_release);
  if (window.withdrawn.load()) window.row->serial.store(window.serial + 1, std::memory_order_release);
  arenas_.front().news().fetch_add(1, std::memory_order_release);
  return index;
}

/// Peers hear of it, too: nothing else would make them look again.
void OwnWindows::drop_freed() {
  const uint64_t version = allocations_version();
  if (version == dropped_version_) return;
  dropped_version_ = version;
  for (Window& window : windows_) {
    if (!window.allocation || !window.withdrawn.load()) continue;
    window.allocation = nullptr;
    arenas_.front().news().fetch_add(1, std::memory_order_release);
  }
}

}  // namespace bccl::shm
