/// Slices by TCP beside bare sockets, over loopback, between two threads on two cores: how long one takes there and
/// back, and how many bytes get through. Read the ratios, of one run, with the repetitions interleaved:
///
///     bench_tcp --benchmark_enable_random_interleaving=true --benchmark_repetitions=9 --benchmark_report_aggregates_only=true
#include <array>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include "../tests/transport/tcp_group.h"
#include "net/stream_socket.h"
#include "peers/placement.h"

namespace bccl {
namespace {

constexpr uint32_t going_on = 1;  // signatures
constexpr uint32_t ending = 2;
constexpr size_t chunk_bytes = 256 << 10;  ///< What bare sockets are given at a time.

bool too_few_cores(benchmark::State& state) {
  if (bench::own_cores().size() > 1) return false;
  state.SkipWithError("needs two cores");
  return true;
}

/// The sockets of one side, without anything around them: everybody spins.
class Bare {
 public:
  explicit Bare(std::vector<FileDescriptor> sockets) : sockets_(std::move(sockets)), memory_(chunk_bytes) {}

  void send_small(std::byte* data, size_t bytes) { whole(0, data, bytes, true); }
  void receive_small(std::byte* data, size_t bytes) { whole(0, data, bytes, false); }

  /// Chunks go round the sockets.
  void send(size_t bytes) { move(bytes, true); }
  void receive(size_t bytes) { move(bytes, false); }

 private:
  void whole(size_t socket, std::byte* data, size_t bytes, bool sending) {
    while (bytes > 0) {
      const Transfer moved = once(socket, data, bytes, sending);
      data += moved.bytes;
      bytes -= moved.bytes;
    }
  }
  Transfer once(size_t socket, std::byte* data, size_t bytes, bool sending) {
    const iovec piece{data, bytes};
    const Transfer moved =
        sending ? write_some(sockets_[socket].get(), {&piece, 1}) : read_some(sockets_[socket].get(), {&piece, 1});
    if (moved.gone) throw std::runtime_error("a socket broke");
    return moved;
  }
  /// All sockets at the same time, each with its share: none waits for another.
  void move(size_t bytes, bool sending) {
    std::array<size_t, 16> left{};
    for (size_t i = 0; bytes > 0; i = (i + 1) % sockets_.size()) {
      const size_t some = std::min(bytes, chunk_bytes);
      left[i] += some;
      bytes -= some;
    }
    for (bool more = true; more;) {
      more = false;
      for (size_t i = 0; i < sockets_.size(); ++i) {
        if (left[i] > 0) left[i] -= once(i, memory_.data(), std::min(left[i], chunk_bytes), sending).bytes;
        more |= left[i] > 0;
      }
    }
  }

  std::vector<FileDescriptor> sockets_;
  std::vector<std::byte> memory_;
};

std::pair<Bare, Bare> bare_pair(int sockets) {
  Listener listener = listen_at({.bytes = {127, 0, 0, 1}}).value();
  std::vector<FileDescriptor> near, far;
  for (int i = 0; i < sockets; ++i) {
    near.push_back(start_connecting(listener.address).value());
    auto accepted = accept_from(listener.socket.get());
    while (!accepted.connection) accepted = accept_from(listener.socket.get());
    far.push_back(std::move(accepted.connection->socket));
  }
  return {Bare{std::move(near)}, Bare{std::move(far)}};
}

/// One side of a pair of connections of the transport.
class Side {
 public:
  Side(Endpoint& endpoint, int peer) : endpoint_(endpoint) {
    for (int lane = 0; lane < endpoint.lanes(); ++lane) {
      senders_.push_back(endpoint.sender(std::array{peer}, lane).value());
      receivers_.push_back(endpoint.receiver(peer, lane).value());
    }
  }

  void send(size_t bytes, uint32_t signature, size_t lane = 0) {
    while (senders_[lane]->try_acquire(bytes) == nullptr) poll();
    senders_[lane]->commit(bytes, signature);
  }
  uint32_t receive(size_t lane = 0) {
    Arrival arrival;
    while ((arrival = receivers_[lane]->try_peek()).data == nullptr) poll();
    receivers_[lane]->release();
    return arrival.signature;
  }
  /// So many bytes in slices of the largest size, by four lanes in turn, as plans use them. Staged: in slots, which are
  /// neither written nor read here. Straight: from the memory of the caller into the memory of the caller.
  void send_all(size_t bytes, bool straight) {
    each_slice(bytes, [&](size_t some, size_t lane) {
      if (straight) return send_straight(some, lane);
      send(some, going_on, lane);
    });
    while (!endpoint_.is_flushed()) poll();
  }
  void receive_all(size_t bytes, bool straight) {
    each_slice(bytes, [&](size_t some, size_t lane) {
      if (!straight) return static_cast<void>(receive(lane));
      while (receivers_[lane]->placement()->try_peek_into(memory_.data(), some).data == nullptr) poll();
      receivers_[lane]->release();
    });
  }

 private:
  template <class Visit>
  void each_slice(size_t bytes, Visit visit) {
    for (size_t lane = 0; bytes > 0; lane = (lane + 1) % 4) {
      const size_t some = std::min(bytes, endpoint_.slice_bytes_max());
      visit(some, lane);
      bytes -= some;
    }
  }
  void send_straight(size_t bytes, size_t lane) {
    ByReference& power = *senders_[lane]->by_reference();
    while (power.room_for(memory_.data(), bytes) != Room::yes) poll();
    power.send(memory_.data(), bytes, going_on);
  }
  void poll() {
    if (const Status status = endpoint_.poll(); !status) throw std::runtime_error(status.sentence());
  }

  Endpoint& endpoint_;
  std::vector<Sender*> senders_;
  std::vector<Receiver*> receivers_;
  std::vector<std::byte> memory_ = std::vector<std::byte>(endpoint_.slice_bytes_max());
};

/// The benchmark's thread is one rank, `partner` runs as the other.
class Pair {
 public:
  Pair(const tcp::Options& options, const std::function<void(Side&)>& partner)
      : endpoints_(test::make_tcp_group(2, options)), near_(*endpoints_[0], 1), partner_([this, partner] {
          bench::bind_rank(1);
          Side far(*endpoints_[1], 0);
          partner(far);
        }) {
    bench::bind_rank(0);
  }
  ~Pair() {
    partner_.join();
    std::thread other([this] { endpoints_[1].reset(); });
    endpoints_[0].reset();
    other.join();
  }
  Side& near() { return near_; }

 private:
  test::Endpoints endpoints_;
  Side near_;
  std::thread partner_;
};

tcp::Options options_with(int sockets, bool encryption = false) {
  tcp::Options options;
  options.sockets = sockets;
  options.encryption = encryption;
  options.interfaces = "=lo";
  return options;
}

void count_one_way(benchmark::State& state) {
  state.counters["one_way"] =
      benchmark::Counter(2, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void latency_bare(benchmark::State& state) {
  if (too_few_cores(state)) return;
  const auto bytes = static_cast<size_t>(state.range(0));
  auto sides = bare_pair(1);
  std::thread partner([&] {
    bench::bind_rank(1);
    std::vector<std::byte> data(bytes);
    do {
      sides.second.receive_small(data.data(), bytes);
      sides.second.send_small(data.data(), bytes);
    } while (data[0] == std::byte{going_on});
  });
  bench::bind_rank(0);
  std::vector<std::byte> data(bytes, std::byte{going_on});
  for (auto _ : state) {
    sides.first.send_small(data.data(), bytes);
    sides.first.receive_small(data.data(), bytes);
  }
  data[0] = std::byte{ending};
  sides.first.send_small(data.data(), bytes);
  sides.first.receive_small(data.data(), bytes);
  partner.join();
  count_one_way(state);
}

void latency_slices(benchmark::State& state, bool encryption) {
  if (too_few_cores(state)) return;
  const auto bytes = static_cast<size_t>(state.range(0));
  Pair pair(options_with(1, encryption), [bytes](Side& far) {
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
  count_one_way(state);
}

/// A message, and a word back when it is all there.
void stream_bare(benchmark::State& state) {
  if (too_few_cores(state)) return;
  const auto bytes = static_cast<size_t>(state.range(0));
  auto sides = bare_pair(static_cast<int>(state.range(1)));
  std::thread partner([&] {
    bench::bind_rank(1);
    std::byte word{going_on};
    while (word == std::byte{going_on}) {
      sides.second.receive_small(&word, 1);
      if (word == std::byte{going_on}) sides.second.receive(bytes);
      sides.second.send_small(&word, 1);
    }
  });
  bench::bind_rank(0);
  std::byte word{going_on};
  for (auto _ : state) {
    sides.first.send_small(&word, 1);
    sides.first.send(bytes);
    sides.first.receive_small(&word, 1);
  }
  word = std::byte{ending};
  sides.first.send_small(&word, 1);
  sides.first.receive_small(&word, 1);
  partner.join();
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bytes));
}

void stream_slices(benchmark::State& state, bool straight, bool encryption) {
  if (too_few_cores(state)) return;
  const auto bytes = static_cast<size_t>(state.range(0));
  tcp::Options options = options_with(static_cast<int>(state.range(1)), encryption);
  options.slot_bytes = static_cast<size_t>(state.range(2));
  Pair pair(options, [bytes, straight](Side& far) {
    while (far.receive(5) == going_on) {
      far.receive_all(bytes, straight);
      far.send(1, going_on, 5);
    }
  });
  for (auto _ : state) {
    pair.near().send(1, going_on, 5);
    pair.near().send_all(bytes, straight);
    pair.near().receive(5);
  }
  pair.near().send(1, ending, 5);
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bytes));
}

const std::vector<int64_t> sizes{1 << 20, 16 << 20};

// Arguments: bytes; sockets; bytes of a slice.
BENCHMARK(latency_bare)->Arg(8)->Arg(4096)->UseRealTime();
BENCHMARK_CAPTURE(latency_slices, plain, false)->Arg(8)->Arg(4096)->UseRealTime();
BENCHMARK_CAPTURE(latency_slices, encrypted, true)->Arg(8)->UseRealTime();
BENCHMARK(stream_bare)->ArgsProduct({sizes, {1, 2, 4}})->UseRealTime();
BENCHMARK_CAPTURE(stream_slices, staged, false, false)->ArgsProduct({sizes, {1, 4}, {64 << 10, 256 << 10}})->UseRealTime();
BENCHMARK_CAPTURE(stream_slices, straight, true, false)->ArgsProduct({sizes, {1, 2, 4}, {64 << 10, 256 << 10}})->UseRealTime();
BENCHMARK_CAPTURE(stream_slices, encrypted, true, true)->Args({16 << 20, 1, 256 << 10})->UseRealTime();

}  // namespace
}  // namespace bccl

BENCHMARK_MAIN();
