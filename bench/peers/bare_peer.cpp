// bare_peer SIDE_CHANNEL 2: what two ranks can do without a library. Each writes its input to shared memory and adds
// what the other has written, in the same slices and with the same kernels as bccl; but there are no plans, checks,
// records, other peers or slow ones. What bccl takes longer is its own; what is left is the machine's.
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>

#include "fork_ranks.h"
#include "kernels/pass.h"
#include "measure.h"

namespace bccl::bench {
namespace {

constexpr size_t frame_bytes = 512;
constexpr size_t frame_payload_bytes = frame_bytes - 16;
constexpr size_t frames = 16;
constexpr size_t slot_bytes = 32 << 10;
constexpr size_t slots = 112;  // more than an L2 holds: a reader finds slices in the shared cache
constexpr size_t ahead = 4;    ///< Slices written before the first is read.
constexpr size_t streamed_bytes_min = 8 << 20;

struct alignas(64) Frame {
  std::atomic<uint64_t> call;
  alignas(16) std::byte payload[frame_payload_bytes];
};

/// What one rank writes and the other reads; all zero when new.
struct Side {
  Frame frame[frames];
  alignas(64) std::atomic<uint64_t> written;   ///< Slices, since the beginning.
  alignas(64) std::atomic<uint64_t> released;  ///< Of the other's.
  alignas(4096) std::byte slot[slots][slot_bytes];
};

void wait_for(const std::atomic<uint64_t>& counter, uint64_t value) {
  while (counter.load(std::memory_order_acquire) < value) {
  }
}

class Bare final : public Library {
 public:
  Bare(Side& mine, Side& theirs) : mine_(mine), theirs_(theirs) {}

  void call(const Call& call) override {
    if (call.collective != Collective::all_reduce) refuse(call.collective);
    const auto* const from = reinterpret_cast<const std::byte*>(call.send);
    auto* const to = reinterpret_cast<std::byte*>(call.receive);
    const size_t bytes = call.shape.count * sizeof(float);
    if (bytes <= frame_payload_bytes) return in_a_frame(from, to, bytes);
    in_slices(from, to, bytes);
  }

 private:
  void in_a_frame(const std::byte* from, std::byte* to, size_t bytes) {
    ++calls_;
    Frame& frame = mine_.frame[calls_ % frames];
    std::memcpy(frame.payload, from, bytes);
    frame.call.store(calls_, std::memory_order_release);
    wait_for(theirs_.frame[calls_ % frames].call, calls_);
    add(from, theirs_.frame[calls_ % frames].payload, to, bytes, false);
  }

  void in_slices(const std::byte* from, std::byte* to, size_t bytes) {
    const size_t slices = (bytes + slot_bytes - 1) / slot_bytes;
    const auto length = [&](size_t slice) { return std::min(slot_bytes, bytes - slice * slot_bytes); };
    for (size_t turn = 0; turn < slices + ahead; ++turn) {
      if (turn < slices) write(from + turn * slot_bytes, length(turn));
      if (turn < ahead) continue;
      const size_t at = (turn - ahead) * slot_bytes;
      read(from + at, to + at, length(turn - ahead), bytes >= streamed_bytes_min);
    }
  }

  void write(const std::byte* from, size_t bytes) {
    if (written_ >= slots) wait_for(theirs_.released, written_ - slots + 1);
    std::memcpy(mine_.slot[written_ % slots], from, bytes);
    mine_.written.store(++written_, std::memory_order_release);
  }

  void read(const std::byte* from, std::byte* to, size_t bytes, bool streamed) {
    wait_for(theirs_.written, released_ + 1);
    add(from, theirs_.slot[released_ % slots], to, bytes, streamed);
    mine_.released.store(++released_, std::memory_order_release);
  }

  void add(const std::byte* a, const std::byte* b, std::byte* to, size_t bytes, bool streamed) const {
    const void* inputs[] = {a, b};
    void* outputs[] = {to};
    kernel_({.inputs = inputs,
             .outputs = outputs,
             .input_count = 2,
             .output_count = 1,
             .elements = bytes / sizeof(float),
             .streaming_outputs = streamed ? 1U : 0U});
  }

  Side& mine_;
  Side& theirs_;
  const Kernel kernel_ = find_kernel(DataType::float32, Combine::sum, best_isa());
  uint64_t calls_ = 0;
  uint64_t written_ = 0;
  uint64_t released_ = 0;
};

}  // namespace
}  // namespace bccl::bench

int main(int argc, char** argv) {
  using namespace bccl::bench;
  if (argc != 3 || std::atoi(argv[2]) != 2) return 2;
  void* const memory = mmap(nullptr, 2 * sizeof(Side), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 1;
  auto* const sides = static_cast<Side*>(memory);
  return fork_ranks(2, [&](int rank) {
    SideChannel side(argv[1], rank, 2);
    Bare library(sides[rank], sides[1 - rank]);
    serve(library, side);
  });
}
