/// A connection of the shared-memory transport, by bytes of a slice and kind of store: how long a slice takes
/// from one core to another, how many bytes get through, and what the book-keeping alone costs.
#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include "../tests/transport/shm_group.h"
#include "base/relax.h"
#include "kernels/pass.h"
#include "peers/placement.h"

namespace bccl {
namespace {

constexpr uint32_t going_on = 1;  // signatures
constexpr uint32_t ending = 2;
constexpr size_t source_bytes =
    4 << 20;  // more than a slice, so that it is not read from the nearest cache alone
constexpr size_t slice_bytes_max = 64 << 10;

/// One side of a pair of connections: writes slices from private memory, and reads them into private memory.
class Side {
 public:
  Side(Endpoint& endpoint, int peer, Stores stores)
      : sender_(*endpoint.sender(std::array{peer}, 0).value()),
        receiver_(*endpoint.receiver(peer, 0).value()),
        stores_(stores) {}

  void send(size_t bytes, uint32_t signature) {
    std::byte* slot = nullptr;
    while ((slot = sender_.try_acquire(bytes)) == nullptr) relax();
    copy(source_.data() + at_, slot, bytes, stores_ == Stores::streaming);
    sender_.commit(bytes, signature);
    at_ = (at_ + bytes) % (source_bytes - slice_bytes_max);
  }

  /// The signature of the slice.
  uint32_t receive() {
    Arrival arrival;
    while ((arrival = receiver_.try_peek()).data == nullptr) relax();
    copy(arrival.data, target_.data(), arrival.bytes, false);
    receiver_.release();
    return arrival.signature;
  }

 private:
  void copy(const std::byte* from, std::byte* to, size_t bytes, bool streaming) const {
    const void* inputs[] = {from};
    void* outputs[] = {to};
    copy_pass({.inputs = inputs,
               .outputs = outputs,
               .input_count = 1,
               .output_count = 1,
               .elements = bytes,
               .streaming_outputs = streaming ? 1U : 0U},
              isa_);
  }

  Sender& sender_;
  Receiver& receiver_;
  const Stores stores_;
  const Isa isa_ = best_isa();
  size_t at_ = 0;
  std::vector<std::byte> source_ = std::vector<std::byte>(source_bytes);
  std::vector<std::byte> target_ = std::vector<std::byte>(slice_bytes_max);
};

/// Two ranks on two cores: the benchmark's thread is rank 0, and `partner` runs as rank 1.
class Pair {
 public:
  Pair(Stores stores, const std::function<void(Side&)>& partner)
      : endpoints_(test::make_shm_group(2)),
        near_(*endpoints_[0], 1, stores),
        partner_([this, stores, partner] {
          bench::bind_rank(1);
          Side far(*endpoints_[1], 0, stores);
          partner(far);
        }) {
    bench::bind_rank(0);
  }
  ~Pair() { partner_.join(); }
  Side& near() { return near_; }

 private:
  test::Endpoints endpoints_;
  Side near_;
  std::thread partner_;
};

bool too_few_cores(benchmark::State& state) {
  if (bench::own_cores().size() > 1) return false;
  state.SkipWithError("needs two cores");
  return true;
}

/// There and back, halved.
void latency(benchmark::State& state, Stores stores) {
  if (too_few_cores(state)) return;
  const auto bytes = static_cast<size_t>(state.range(0));
  Pair pair(stores, [bytes](Side& far) {
    uint32_t signature = going_on;
    while (signature == going_on) {
      signature = far.receive();
      far.send(bytes, signature);
    }
  });
  for (auto _ : state) {
    pair.near().send(bytes, going_on);
    pair.near().receive();
  }
  pair.near().send(bytes, ending);
  pair.near().receive();
  state.counters["one_way"] =
      benchmark::Counter(2, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

/// A stream of slices, timed by the reader.
void bandwidth(benchmark::State& state, Stores stores) {
  if (too_few_cores(state)) return;
  const auto bytes = static_cast<size_t>(state.range(0));
  std::atomic<bool> enough = false;
  Pair pair(stores, [&](Side& far) {
    while (!enough.load(std::memory_order_relaxed)) far.send(bytes, going_on);
    far.send(bytes, ending);
  });
  for (auto _ : state) pair.near().receive();
  enough = true;
  while (pair.near().receive() != ending) {
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes));
}

/// Acquire, commit, peek, release, all in one thread and without touching the slot, towards `peers` at once.
void bookkeeping(benchmark::State& state) {
  const auto bytes = static_cast<size_t>(state.range(0));
  const auto peers = static_cast<int>(state.range(1));
  const test::Endpoints endpoints = test::make_shm_group(peers + 1);
  std::vector<int> readers;
  std::vector<Receiver*> receivers;
  for (int peer = 1; peer <= peers; ++peer) {
    readers.push_back(peer);
    receivers.push_back(endpoints[static_cast<size_t>(peer)]->receiver(0, 0).value());
  }
  Sender& sender = *endpoints[0]->sender(readers, 0).value();
  for (auto _ : state) {
    if (sender.try_acquire(bytes) == nullptr) {
      state.SkipWithError("no room");
      break;
    }
    sender.commit(bytes, going_on);
    for (Receiver* receiver : receivers) {
      benchmark::DoNotOptimize(receiver->try_peek());
      receiver->release();
    }
  }
}

BENCHMARK_CAPTURE(latency, cached, Stores::cached)
    ->ArgName("bytes")
    ->Arg(8)
    ->Arg(64)
    ->Arg(4 << 10)
    ->Arg(64 << 10);
BENCHMARK_CAPTURE(latency, streaming, Stores::streaming)
    ->ArgName("bytes")
    ->Arg(64)
    ->Arg(4 << 10)
    ->Arg(64 << 10);
BENCHMARK_CAPTURE(bandwidth, cached, Stores::cached)
    ->ArgName("bytes")
    ->Arg(8)
    ->RangeMultiplier(4)
    ->Range(1 << 10, 64 << 10);
BENCHMARK_CAPTURE(bandwidth, streaming, Stores::streaming)
    ->ArgName("bytes")
    ->RangeMultiplier(4)
    ->Range(1 << 10, 64 << 10);
BENCHMARK(bookkeeping)->ArgNames({"bytes", "peers"})->ArgsProduct({{8, 64 << 10}, {1, 7}});

}  // namespace
}  // namespace bccl

BENCHMARK_MAIN();
