/// A peer that has proved itself and then sends what the input wants, by any socket of the pair, while this rank
/// receives, sends and releases: the link reads it, or ends with a sentence that names the peer, and keeps to its
/// memory.
#include <memory>
#include <string>
#include <vector>

#include <sys/socket.h>

#include "base/clock.h"
#include "input.h"
#include "transport/tcp/cipher.h"
#include "transport/tcp/link.h"

using namespace bccl;
using namespace bccl::tcp;
using fuzz::Input;
using fuzz::require;

namespace {

constexpr int sockets = 3;
constexpr int lanes = 2;
constexpr size_t slot_bytes = 4 << 10;

class NoLender final : public Lender {
 public:
  void give_back(uint32_t) override { ++returned; }
  int returned = 0;
};

class Stranger {
 public:
  Stranger() {
    const Options options{.sockets = sockets, .lanes = lanes, .slices_max = 3, .slot_bytes = slot_bytes, .stripe_bytes_min = 1 << 10};
    std::vector<Pipe> near;
    for (int socket = 0; socket <= sockets; ++socket) {
      int ends[2];
      require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0, "there are sockets");
      near.emplace_back(FileDescriptor{ends[0]}, nullptr);
      far_.emplace_back(ends[1]);
    }
    link = std::make_unique<Link>("rank 0 (host a)", tcp::Peer{3, "b", "192.0.2.7:1"}, std::move(near),
                                  SlotMemory::map(lanes * 3, slot_bytes).value(), options);
  }

  void say(int socket, std::string_view bytes) {
    // Full or closed sockets: as much as fits.
    static_cast<void>(::send(far_[static_cast<size_t>(socket)].get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
  void hear() {
    char some[4096];
    for (const FileDescriptor& socket : far_)
      while (recv(socket.get(), some, sizeof some, 0) > 0) {
      }
  }
  void close(int socket) { far_[static_cast<size_t>(socket)] = FileDescriptor{}; }

  std::unique_ptr<Link> link;

 private:
  std::vector<FileDescriptor> far_;
};

Header header_from(Input& input, uint32_t (&sequences)[lanes]) {
  const int lane = input.below(lanes + 1);
  Header header{.kind = static_cast<FrameKind>(input.below(5)), .lane = static_cast<uint8_t>(lane), .credits = static_cast<uint8_t>(input.below(3))};
  header.first = static_cast<uint8_t>(input.below(sockets + 1));
  header.parts = static_cast<uint8_t>(input.below(sockets + 2));
  header.bytes = static_cast<uint32_t>(input.byte()) * 17;
  if (lane < lanes && header.kind == FrameKind::slice) header.sequence = sequences[lane]++ + (input.below(16) == 0 ? 1U : 0U);
  return header;
}

/// What has come is within the memory of the link, all of it readable.
void take(Link& link, int lane) {
  const Incoming* const slice = link.peek(lane);
  if (slice == nullptr) return;
  require(slice->bytes <= slot_bytes, "no slice is larger than a slot");
  unsigned sum = 0;
  for (size_t i = 0; i < slice->bytes; ++i) sum += static_cast<unsigned>(slice->data[i]);
  require(sum <= 255U * slot_bytes, "bytes are bytes");
  link.release(lane);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input{data, size};
  Stranger peer;
  NoLender lender;
  int sent = 0;
  uint32_t sequences[lanes] = {};
  const std::string memory(slot_bytes, 'm');
  while (!input.at_end()) {
    switch (input.below(8)) {
      case 0:
        peer.say(input.below(sockets + 1), input.take(input.byte()));
        break;
      case 1:
      case 2: {
        const HeaderBytes bytes = header_from(input, sequences).pack();
        peer.say(0, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        break;
      }
      case 3:
        peer.say(input.below(sockets), std::string(input.byte() * size_t{17}, 'x'));
        break;
      case 4:
        take(*peer.link, input.below(lanes));
        break;
      case 5:
        if (const int lane = input.below(lanes); peer.link->has_room(lane)) {
          peer.link->send(lane, reinterpret_cast<const std::byte*>(memory.data()), input.byte() * size_t{16}, 1, lender, 0);
          ++sent;
        }
        peer.hear();
        break;
      case 6:
        for (int i = 0; i < 4; ++i) peer.link->settle_credits();
        peer.link->look_after(now_ns());
        break;
      case 7:
        if (input.below(8) == 0) peer.close(input.below(sockets + 1));
        break;
    }
    peer.link->read();
    if (const auto& error = peer.link->error()) {
      require(error->sentence.find("rank 3 (host b, 192.0.2.7:1)") != std::string::npos, "an error names the peer");
      require(peer.link->is_flushed() && !peer.link->has_room(0), "nothing is sent after the end");
    }
    require(peer.link->slots().touched_bytes() <= lanes * 3 * slot_bytes, "memory is bounded");
  }
  for (int lane = 0; lane < lanes; ++lane) take(*peer.link, lane);
  peer.link->part();
  peer.hear();
  require(lender.returned <= sent, "a loan comes back once");
  return 0;
}
