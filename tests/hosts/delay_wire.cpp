#include "delay_wire.h"

#include <algorithm>
#include <cstring>
#include <random>

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

#include "base/clock.h"
#include "system_call.h"

namespace bccl::test {
namespace {

/// The largest that a device hands over: what TCP sends at once, and headers.
constexpr size_t packet_bytes_max = 65536 + 256;
constexpr int packets_at_once = 64;

/// A network device whose other side is the descriptor. Segments and checksums may be left to whoever has a
/// real device: packets pass through whole, with what the kernel says of them before them.
FileDescriptor open_device(const DelayWire::End& end) {
  FileDescriptor device;
  end.network.within([&] {
    device = FileDescriptor(
        must(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), "cannot open /dev/net/tun"));
    ifreq request{};
    request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    std::strncpy(request.ifr_name, end.device.c_str(), IFNAMSIZ - 1);
    must(ioctl(device.get(), TUNSETIFF, &request), "cannot make device " + end.device);
    must(ioctl(device.get(), TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6),
         "cannot pass whole segments through device " + end.device);
  });
  return device;
}

}  // namespace

DelayLine::DelayLine(int from, int to)
    : from_(from),
      to_(to),
      stop_(must(eventfd(0, EFD_CLOEXEC), "cannot make an event descriptor")),
      thread_([this] { carry(); }) {}

DelayLine::~DelayLine() {
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

void DelayLine::set_delay_us(int64_t delay, int64_t jitter) {
  delay_us_.store(delay, std::memory_order_relaxed);
  jitter_us_.store(jitter, std::memory_order_relaxed);
}

void DelayLine::carry() {
  prctl(PR_SET_TIMERSLACK, 1);
  std::vector<char> room(packet_bytes_max);
  pollfd stop{stop_.get(), POLLIN, 0};
  while (poll(&stop, 1, 0) == 0) {
    wait();
    for (int packet = 0; packet < packets_at_once; ++packet)
      if (!take(room.data(), room.size())) break;
    deliver();
  }
}

/// Until a packet comes, one is due, or the end.
void DelayLine::wait() const {
  pollfd sources[] = {{from_, POLLIN, 0}, {stop_.get(), POLLIN, 0}};
  timespec left{};
  if (!under_way_.empty()) {
    const int64_t ns = std::max<int64_t>(under_way_.front().due_ns - now_ns(), 0);
    left = {ns / 1'000'000'000, ns % 1'000'000'000};
  }
  ppoll(sources, 2, under_way_.empty() ? nullptr : &left, nullptr);
}

bool DelayLine::take(char* room, size_t bytes) {
  const ssize_t taken = read(from_, room, bytes);
  if (taken <= 0) return false;
  if (bytes_ + static_cast<size_t>(taken) > bytes_max) return true;
  under_way_.push_back({due_ns(), std::vector<char>(room, room + taken)});
  bytes_ += static_cast<size_t>(taken);
  return true;
}

/// No earlier than the packet before: jitter reorders nothing.
int64_t DelayLine::due_ns() {
  thread_local std::minstd_rand random;
  const int64_t jitter_us = jitter_us_.load(std::memory_order_relaxed);
  const int64_t extra_us = jitter_us == 0 ? 0 : static_cast<int64_t>(random()) % (jitter_us + 1);
  const int64_t due = now_ns() + (delay_us_.load(std::memory_order_relaxed) + extra_us) * 1000;
  return under_way_.empty() ? due : std::max(due, under_way_.back().due_ns);
}

void DelayLine::deliver() {
  while (!under_way_.empty() && under_way_.front().due_ns <= now_ns()) {
    const std::vector<char>& bytes = under_way_.front().bytes;
    // What a device that is down does not take is lost.
    [[maybe_unused]] const ssize_t written = write(to_, bytes.data(), bytes.size());
    bytes_ -= bytes.size();
    under_way_.pop_front();
  }
}

DelayWire::DelayWire(const End& near, const End& far)
    : near_(open_device(near)),
      far_(open_device(far)),
      there_(near_.get(), far_.get()),
      back_(far_.get(), near_.get()) {}

void DelayWire::set_delay_us(int64_t delay, int64_t jitter) {
  there_.set_delay_us(delay, jitter);
  back_.set_delay_us(delay, jitter);
}

}  // namespace bccl::test
