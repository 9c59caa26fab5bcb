/// Regions: memory of bcclMemAlloc that a rank lends to its peers, so that slices by reference need no staging. Each
/// rank announces its own in its arena (RegionTable); the peers map them when they next look, and say so in theirs.
/// Until a peer has, and where it cannot (another user, another PID namespace, no /proc), slices for it go by value.
///
/// A peer has a mapping of its own, read-only, of memory that nobody can shrink: it can read there whatever becomes of
/// the owner's mapping, or of the owner.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "memory/allocations.h"
#include "node/node.h"
#include "transport/shm/arena.h"

namespace bccl::shm {

inline constexpr uint32_t no_region = UINT32_MAX;

/// What this rank lends. One thread at a time, but memory may be freed by any.
class OwnRegions {
 public:
  /// `arenas`: by place on the host; `me`: this rank's.
  OwnRegions(const Node& node, const std::vector<Arena>& arenas, size_t me);
  ~OwnRegions();
  OwnRegions(const OwnRegions&) = delete;
  OwnRegions& operator=(const OwnRegions&) = delete;

  /// The region that all these bytes lie in, announced if they have never been asked about; no_region if they are in
  /// no allocation, or regions_max others are announced. A few comparisons, save for the first time.
  uint32_t find(const std::byte* data, size_t bytes);
  bool mapped_by(size_t place, uint32_t region) const {
    return arenas_[place].mapped(me_, region).load(std::memory_order_acquire) == regions_[region].serial;
  }
  uint64_t offset_of(const std::byte* data, uint32_t region) const {
    return static_cast<uint64_t>(data - regions_[region].allocation->begin);
  }

  /// The memory of a region that is lent may not be freed.
  void lend(uint32_t region) { regions_[region].lent.fetch_add(1, std::memory_order_relaxed); }
  void take_back(uint32_t region) { regions_[region].lent.fetch_sub(1, std::memory_order_release); }

  void drop_freed();  ///< Lets go of memory that has been freed. One load if nothing has.

 private:
  struct Region final : Claim {
    std::string objection() const override;
    void withdraw() override;

    const Node* node = nullptr;
    RegionRow* row = nullptr;
    std::shared_ptr<const Allocation> allocation;  ///< Null: not in use.
    uint32_t serial = 0;                           ///< What the row says while it is open.
    std::atomic<uint32_t> lent{0};                 ///< Slices in flight.
    std::atomic<bool> withdrawn{false};
  };

  /// What was found out about a range of addresses.
  struct Known {
    uint64_t version = 0;
    uintptr_t begin = 0;
    uintptr_t end = 0;
    uint32_t region = no_region;
  };

  uint32_t look_up(const std::byte* data, uint64_t version);
  uint32_t announce(const std::shared_ptr<const Allocation>& allocation);

  const Node& node_;
  const std::vector<Arena>& arenas_;
  const size_t me_;
  std::array<Region, regions_max> regions_;
  std::array<Known, 4> known_;
  size_t next_known_ = 0;
  uint64_t dropped_version_ = 0;
  bool warned_full_ = false;
};

/// What the peers lend to this rank, as far as it is mapped.
class PeerRegions {
 public:
  PeerRegions(const Node& node, const std::vector<Arena>& arenas, size_t me);
  ~PeerRegions();
  PeerRegions(const PeerRegions&) = delete;
  PeerRegions& operator=(const PeerRegions&) = delete;

  /// Maps what has been announced, unmaps what has been freed. One load if neither has happened. Not while a slice
  /// that was peeked is being read. An error if a peer has sent bytes outside of its regions.
  Status refresh() {
    if (arenas_.front().news().load(std::memory_order_acquire) != seen_) look_again();
    return liar_ < 0 ? Status{} : Status{outside()};
  }

  /// Where these bytes of a peer's region are; nullptr if they are not within what this rank has mapped.
  const std::byte* find(size_t place, uint32_t region, uint64_t offset, size_t bytes) const {
    if (region >= regions_max) return nullptr;
    const Mapping& mapping = mappings_[place * regions_max + region];
    const bool inside = bytes <= mapping.bytes && offset <= mapping.bytes - bytes;
    return inside ? mapping.begin + offset : nullptr;
  }
  void report_outside(int peer) { liar_ = peer; }  ///< A slice of that rank's was not within its regions.

 private:
  struct Mapping {
    const std::byte* begin = nullptr;
    size_t bytes = 0;  ///< 0: not mapped.
    uint32_t serial = 0;
  };

  void look_again();
  void look_at(size_t place, uint32_t region);
  void warn(size_t place, const Status& reason);
  Error outside() const;

  const Node& node_;
  const std::vector<Arena>& arenas_;
  const size_t me_;
  const uint64_t generation_;
  std::vector<Mapping> mappings_;  ///< By place, then region.
  std::vector<bool> warned_;       ///< By place.
  uint32_t seen_ = 0;
  int liar_ = -1;
};

}  // namespace bccl::shm
