/// A wire in user space, for kernels that have no netem: a device at each end, and for each direction a
/// thread that hands on every packet after a delay. Packets keep their order. The devices live as long as
/// this.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "base/file_descriptor.h"
#include "network_namespace.h"

namespace bccl::test {

/// One direction.
class DelayLine {
 public:
  /// What may be under way at once: more is lost, as in a router whose memory is full.
  static constexpr size_t bytes_max = size_t{128} << 20;

  /// Carries packets from one device to the other; the descriptors must outlive this.
  DelayLine(int from, int to);
  ~DelayLine();
  DelayLine(const DelayLine&) = delete;
  DelayLine& operator=(const DelayLine&) = delete;

  /// Packets that come from now on take `delay` and up to `jitter` more.
  void set_delay_us(int64_t delay, int64_t jitter);

 private:
  struct Packet {
    int64_t due_ns;
    std::vector<char> bytes;
  };
  void carry();
  void wait() const;
  bool take(char* room, size_t bytes);
  void deliver();
  int64_t due_ns();

  const int from_;
  const int to_;
  FileDescriptor stop_;
  std::atomic<int64_t> delay_us_{0};
  std::atomic<int64_t> jitter_us_{0};
  std::deque<Packet> under_way_;
  size_t bytes_ = 0;
  std::thread thread_;  // last: it uses the others
};

class DelayWire {
 public:
  struct End {
    const NetworkNamespace& network;
    std::string device;
  };
  DelayWire(const End& near, const End& far);

  void set_delay_us(int64_t delay, int64_t jitter);

 private:
  FileDescriptor near_, far_;
  DelayLine there_, back_;
};

}  // namespace bccl::test
