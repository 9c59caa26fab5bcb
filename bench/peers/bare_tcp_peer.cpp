// bare_tcp_peer SIDE_CHANNEL RANKS SOCKETS: what ranks on one host can do over loopback TCP without a library. Every pair
// has SOCKETS, over which each message is striped; everybody sends to and receives from everybody at the same time,
// straight from and into the buffers, and polls. There are no headers, credits, checks or slow peers.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <vector>

#include <sched.h>

#include "fork_ranks.h"
#include "kernels/pass.h"
#include "measure.h"
#include "net/stream_socket.h"
#include "tools/bccl/perf/call_layouts.h"

namespace bccl::bench {
namespace {

constexpr size_t bite_bytes = 256 << 10;  ///< Of one system call.
constexpr size_t line_bytes = 64;
constexpr size_t one_shot_bytes_max = 32 << 10;  ///< An all-reduce among more than two that is not worth two exchanges.

using Sockets = std::vector<FileDescriptor>;
using Mesh = std::vector<std::vector<Sockets>>;  ///< By rank, then peer.

/// Made before the ranks fork: each uses its own row.
Mesh connect_all(int ranks, int sockets) {
  const auto count = static_cast<size_t>(ranks);
  Mesh mesh(count);
  for (auto& row : mesh) row.resize(count);
  Listener listener = listen_at({.bytes = {127, 0, 0, 1}}).value();
  for (size_t low = 0; low < count; ++low)
    for (size_t high = low + 1; high < count; ++high)
      for (int i = 0; i < sockets; ++i) {
        mesh[low][high].push_back(start_connecting(listener.address).value());
        AcceptOutcome accepted = accept_from(listener.socket.get());
        while (!accepted.connection) accepted = accept_from(listener.socket.get());
        mesh[high][low].push_back(std::move(accepted.connection->socket));
      }
  return mesh;
}

enum class Deed : uint8_t { send, store, add };

/// What goes to or comes from one peer.
struct Message {
  Deed deed;
  int peer;
  std::byte* data;
  size_t bytes;
};

/// The part of a message that one socket carries.
struct Part {
  Deed deed;
  int socket;
  std::byte* data;
  size_t left;
  std::vector<std::byte>* taken;  ///< Of one to add: what has come of it …
  size_t taken_bytes = 0;         ///< … and is not added yet.
};

class BareTcp final : public Library {
 public:
  BareTcp(std::vector<Sockets> peers, const SideChannel& side)
      : peers_(std::move(peers)), me_(side.rank()), ranks_(side.ranks()), crowded_(side.crowded()) {}

  void call(const Call& call) override {
    const size_t block = call.shape.count * sizeof(float);
    auto* const send = const_cast<std::byte*>(reinterpret_cast<const std::byte*>(call.send));
    auto* const receive = reinterpret_cast<std::byte*>(call.receive);
    switch (call.collective) {
      case Collective::all_reduce:
        return all_reduce(send, receive, call.shape.count);
      case Collective::all_gather:
        std::memcpy(receive + at(me_) * block, send, block);
        with_others([&](int peer) {
          begin(Deed::send, peer, send, block);
          begin(Deed::store, peer, receive + at(peer) * block, block);
        });
        return finish();
      case Collective::reduce_scatter:
        std::memcpy(receive, send + at(me_) * block, block);
        with_others([&](int peer) {
          begin(Deed::send, peer, send + at(peer) * block, block);
          begin(Deed::add, peer, receive, block);
        });
        return finish();
      case Collective::all_to_all:
        std::memcpy(receive + at(me_) * block, send + at(me_) * block, block);
        with_others([&](int peer) {
          begin(Deed::send, peer, send + at(peer) * block, block);
          begin(Deed::store, peer, receive + at(peer) * block, block);
        });
        return finish();
      case Collective::broadcast:
        if (me_ == 0) with_others([&](int peer) { begin(Deed::send, peer, send, block); });
        else begin(Deed::store, 0, receive, block);
        return finish();
      case Collective::ping_pong:
        return ping_pong(send, receive, block, tool::partner_of(call.shape));
      default:
        refuse(call.collective);
    }
  }

 private:
  static size_t at(int rank) { return static_cast<size_t>(rank); }
  template <class Visit>
  void with_others(Visit visit) {
    for (int other = 1; other < ranks_; ++other) visit((me_ + other) % ranks_);
  }

  void all_reduce(std::byte* send, std::byte* receive, size_t count) {
    const auto bound = [&](int rank) { return count * at(rank) / at(ranks_) * sizeof(float); };
    const size_t bytes = count * sizeof(float);
    const bool at_once = ranks_ == 2 || bytes <= one_shot_bytes_max;
    const size_t first = at_once ? 0 : bound(me_);
    const size_t mine = at_once ? bytes : bound(me_ + 1) - first;
    std::memcpy(receive + first, send + first, mine);
    with_others([&](int peer) {
      begin(Deed::send, peer, at_once ? send : send + bound(peer), at_once ? bytes : bound(peer + 1) - bound(peer));
      begin(Deed::add, peer, receive + first, mine);
    });
    finish();
    if (at_once) return;
    with_others([&](int peer) {
      begin(Deed::send, peer, receive + first, mine);
      begin(Deed::store, peer, receive + bound(peer), bound(peer + 1) - bound(peer));
    });
    finish();
  }

  void ping_pong(std::byte* send, std::byte* receive, size_t bytes, int partner) {
    if (partner < 0) return;
    for (const bool sends : {me_ < partner, me_ > partner}) {
      sends ? begin(Deed::send, partner, send, bytes) : begin(Deed::store, partner, receive, bytes);
      finish();
    }
  }

  void begin(Deed deed, int peer, std::byte* data, size_t bytes) {
    const Sockets& sockets = peers_[at(peer)];
    const size_t each = (bytes / sockets.size() + line_bytes - 1) / line_bytes * line_bytes;
    for (const FileDescriptor& socket : sockets) {
      const size_t some = &socket == &sockets.back() ? bytes : std::min(each, bytes);
      if (some > 0) parts_.push_back({deed, socket.get(), data, some, deed == Deed::add ? spare() : nullptr});
      data += some;
      bytes -= some;
    }
  }

  std::vector<std::byte>* spare() {
    if (spares_used_ == spares_.size()) spares_.push_back(std::make_unique<std::vector<std::byte>>(bite_bytes));
    return spares_[spares_used_++].get();
  }

  void finish() {
    while (!parts_.empty()) {
      bool moved = false;
      for (Part& part : parts_) moved |= advance(part);
      std::erase_if(parts_, [](const Part& part) { return part.left == 0 && part.taken_bytes == 0; });
      if (!moved && crowded_) sched_yield();
    }
    spares_used_ = 0;
  }

  bool advance(Part& part) const {
    const bool adds = part.deed == Deed::add;
    const size_t room = adds ? bite_bytes - part.taken_bytes : bite_bytes;
    const iovec piece{adds ? part.taken->data() + part.taken_bytes : part.data, std::min(part.left, room)};
    const Transfer moved = part.deed == Deed::send ? write_some(part.socket, {&piece, 1}) : read_some(part.socket, {&piece, 1});
    if (moved.gone) throw std::runtime_error("a socket broke");
    part.left -= moved.bytes;
    if (!adds) part.data += moved.bytes;
    else if ((part.taken_bytes += moved.bytes) == bite_bytes || part.left == 0) add(part);
    return moved.bytes > 0;
  }

  void add(Part& part) const {
    const void* inputs[] = {part.data, part.taken->data()};
    void* outputs[] = {part.data};
    kernel_({.inputs = inputs,
             .outputs = outputs,
             .input_count = 2,
             .output_count = 1,
             .elements = part.taken_bytes / sizeof(float)});
    part.data += std::exchange(part.taken_bytes, 0);
  }

  const std::vector<Sockets> peers_;
  const int me_;
  const int ranks_;
  const bool crowded_;
  const Kernel kernel_ = find_kernel(DataType::float32, Combine::sum, best_isa());
  std::vector<Part> parts_;
  std::vector<std::unique_ptr<std::vector<std::byte>>> spares_;
  size_t spares_used_ = 0;
};

}  // namespace
}  // namespace bccl::bench

int main(int argc, char** argv) {
  using namespace bccl::bench;
  if (argc != 4) return 2;
  const int ranks = std::atoi(argv[2]);
  Mesh mesh = connect_all(ranks, std::atoi(argv[3]));
  return fork_ranks(ranks, [&](int rank) {
    SideChannel side(argv[1], rank, ranks);
    BareTcp library(std::move(mesh[static_cast<size_t>(rank)]), side);
    serve(library, side);
  });
}
