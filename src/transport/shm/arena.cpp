#include "transport/shm/arena.h"

namespace bccl::shm {
namespace {

constexpr size_t page_bytes = 4096;
constexpr size_t page_up(size_t bytes) { return (bytes + page_bytes - 1) / page_bytes * page_bytes; }

size_t queues_bytes(int ranks) { return page_up(sizeof(Queue) * size_t(ranks) * lane_count); }
size_t marks_bytes(int ranks) { return sizeof(Mark) * size_t(ranks) * lane_count; }
size_t flags_bytes(int ranks) { return page_up(marks_bytes(ranks) + sizeof(Probe)); }
size_t mapped_bytes(int ranks) { return sizeof(std::atomic<uint32_t>) * size_t(ranks) * regions_max; }
size_t regions_bytes(int ranks) { return page_up(sizeof(RegionTable) + mapped_bytes(ranks)); }
size_t head_bytes(int ranks) { return queues_bytes(ranks) + flags_bytes(ranks) + regions_bytes(ranks); }

}  // namespace

Arena::Arena(std::span<std::byte> memory, int ranks)
    : queues_(reinterpret_cast<Queue*>(memory.data())),
      marks_(reinterpret_cast<Mark*>(memory.data() + queues_bytes(ranks))),
      probe_(reinterpret_cast<Probe*>(memory.data() + queues_bytes(ranks) + marks_bytes(ranks))),
      regions_(reinterpret_cast<RegionTable*>(memory.data() + queues_bytes(ranks) + flags_bytes(ranks))),
      mapped_(reinterpret_cast<std::atomic<uint32_t>*>(regions_ + 1)),
      slots_(memory.data() + head_bytes(ranks)),
      slot_count_(static_cast<uint32_t>((memory.size() - head_bytes(ranks)) / slot_bytes)) {}

size_t Arena::bytes(int ranks, size_t slots) { return head_bytes(ranks) + slots * slot_bytes; }

}  // namespace bccl::shm
