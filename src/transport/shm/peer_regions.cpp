#include <cerrno>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/file_descriptor.h"
#include "base/log.h"
#include "base/system_limit.h"
#include "memory/shared_memory.h"
#include "node/fork.h"
#include "transport/shm/regions.h"

namespace bccl::shm {
namespace {

/// What a row said of an open region.
struct Announced {
  uint32_t process;
  uint32_t descriptor;
  uint64_t device;
  uint64_t inode;
  size_t bytes;
};

Announced read_row(const RegionTable& table, const RegionRow& row) {
  return {.process = table.process.load(std::memory_order_acquire),
          .descriptor = row.descriptor.load(std::memory_order_acquire),
          .device = row.device.load(std::memory_order_acquire),
          .inode = row.inode.load(std::memory_order_acquire),
          .bytes = row.bytes.load(std::memory_order_acquire)};
}

bool is_announced(const Announced& region, const struct stat& facts) {
  return facts.st_dev == region.device && facts.st_ino == region.inode;
}

/// The owner's number may mean another file here, in another PID namespace, or after the owner has freed the memory. So
/// it is looked at before it is opened, for opening some files has effects, and again after.
Result<FileDescriptor> open_announced(const Announced& region) {
  const std::string path = fmt::format("/proc/{}/fd/{}", region.process, region.descriptor);
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0) return fail_errno(errno, "cannot find " + path);
  if (!is_announced(region, facts)) return fail(Code::system_error, "{} is another file here", path);
  FileDescriptor memory{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  if (!memory.valid()) return fail_limit(errno, "cannot open " + path);
  if (fstat(memory.get(), &facts) != 0 || !is_announced(region, facts) || !is_sealed_memory(memory.get(), region.bytes))
    return fail(Code::system_error, "{} is another file now", path);
  return memory;
}

Result<const std::byte*> map_announced(const Announced& region) {
  const FileDescriptor memory = BCCL_TRY(open_announced(region));
  void* const base = mmap(nullptr, region.bytes, PROT_READ, MAP_SHARED, memory.get(), 0);
  if (base == MAP_FAILED) return fail_limit(errno, fmt::format("cannot map {} bytes", region.bytes));
  if (madvise(base, region.bytes, MADV_DONTFORK) == 0) return static_cast<const std::byte*>(base);
  const int reason = errno;
  munmap(base, region.bytes);
  return fail_errno(reason, "cannot keep it from forked children");
}

void unmap(const std::byte* begin, size_t bytes) { munmap(const_cast<std::byte*>(begin), bytes); }

}  // namespace

PeerRegions::PeerRegions(const Node& node, const std::vector<Arena>& arenas, size_t me)
    : node_(node),
      arenas_(arenas),
      me_(me),
      generation_(process_generation()),
      mappings_(arenas.size() * regions_max),
      warned_(arenas.size()) {}

PeerRegions::~PeerRegions() {
  if (generation_ != process_generation()) return;  // in a forked child nothing is mapped there
  for (const Mapping& mapping : mappings_)
    if (mapping.bytes > 0) unmap(mapping.begin, mapping.bytes);
}

void PeerRegions::look_again() {
  seen_ = arenas_.front().news().load(std::memory_order_acquire);
  for (size_t place = 0; place < arenas_.size(); ++place)
    for (uint32_t region = 0; place != me_ && region < regions_max; ++region) look_at(place, region);
}

void PeerRegions::look_at(size_t place, uint32_t region) {
  const RegionTable& table = arenas_[place].regions();
  const RegionRow& row = table.rows[region];
  Mapping& mapping = mappings_[place * regions_max + region];
  const uint32_t serial = row.serial.load(std::memory_order_acquire);
  if (serial == mapping.serial) return;
  if (mapping.bytes > 0) unmap(mapping.begin, mapping.bytes);
  mapping = {.begin = nullptr, .bytes = 0, .serial = serial};
  if (serial % 2 == 0) return;
  const Announced announced = read_row(table, row);
  if (row.serial.load(std::memory_order_acquire) != serial) return;  // changed meanwhile, which is more news
  Result<const std::byte*> mapped = map_announced(announced);
  if (!mapped.ok()) return warn(place, std::move(mapped).take_error());
  mapping.begin = *mapped;
  mapping.bytes = announced.bytes;
  arenas_[me_].mapped(place, region).store(serial, std::memory_order_release);
}

void PeerRegions::warn(size_t place, const Status& reason) {
  if (warned_[place]) return;
  warned_[place] = true;
  log(LogLevel::info, "rank {}: cannot map the memory of {}, whose slices are sent by value: {}", node_.rank(),
      node_.describe(node_.ranks_here()[place]), reason.sentence());
}

Error PeerRegions::outside() const {
  return fail(Code::internal_error, "rank {}: {} sent a slice that is not within the memory it lends", node_.rank(),
              node_.describe(liar_));
}

}  // namespace bccl::shm
