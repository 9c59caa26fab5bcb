// Random use by one thread, step by step against a model of what the boundary promises.
#include <algorithm>
#include <deque>
#include <random>

#include "conformance.h"

namespace bccl::test {
namespace {

/// One connection as the promise sees it.
struct Link {
  std::deque<Sample> in_flight;  ///< Committed and not released.
  bool acquired_for = false;     ///< A sender that reaches it has acquired memory and not committed.
};

/// A sender in use; `memory` while it has acquired.
struct Writer {
  Sender* sender;
  int from;
  std::vector<int> peers;
  int lane;
  std::byte* memory = nullptr;
  Sample slice;
};

class Model {
 public:
  Model(Group& group, int writers) : group_(group), random_(group.seed()) {
    for (int i = 0; i < writers; ++i) add_writer();
  }

  void step() {
    Writer& writer = writers_[random_() % writers_.size()];
    if (random_() % 2 == 0)
      writer.memory == nullptr ? acquire(writer) : commit(writer);
    else
      receive(writer.peers[random_() % writer.peers.size()], writer.from, writer.lane);
  }

  void finish() {
    for (Writer& writer : writers_)
      if (writer.memory != nullptr) commit(writer);
    for (Writer& writer : writers_)
      for (int peer : writer.peers)
        while (!link(writer.from, peer, writer.lane).in_flight.empty())
          receive(peer, writer.from, writer.lane);
  }

 private:
  Link& link(int from, int to, int lane) {
    return links_[(from * group_.size() + to) * group_.any().lanes() + lane];
  }

  void add_writer() {
    const int from = static_cast<int>(random_() % group_.size());
    const int lane = static_cast<int>(random_() % std::min(2, group_.any().lanes()));
    std::vector<int> peers = group_.all_but(from);
    std::ranges::shuffle(peers, random_);
    peers.resize(1 + random_() % peers.size());
    Sender* sender = &group_.sender(from, peers, lane);
    const auto same = [&](const Writer& other) { return other.sender == sender; };
    if (std::ranges::none_of(writers_, same)) writers_.push_back({sender, from, peers, lane, nullptr, {}});
  }

  void acquire(Writer& writer) {
    bool promised = true;
    bool forbidden = false;
    for (int peer : writer.peers) {
      const Link& at = link(writer.from, peer, writer.lane);
      if (at.acquired_for) return;  // overlapping claims have a test of their own
      promised &= at.in_flight.size() < slices_promised;
      forbidden |= at.in_flight.size() >= static_cast<size_t>(group_.any().slices_max());
    }
    writer.slice = {random_(), random_size(random_(), group_.any().slice_bytes_max())};
    writer.memory = promised ? group_.acquire(*writer.sender, writer.slice.bytes)
                             : writer.sender->try_acquire(writer.slice.bytes);
    if (promised) REQUIRE(writer.memory != nullptr);
    if (forbidden) REQUIRE(writer.memory == nullptr);
    if (writer.memory == nullptr) return;
    writer.slice.write(writer.memory);
    for (int peer : writer.peers) link(writer.from, peer, writer.lane).acquired_for = true;
  }

  void commit(Writer& writer) {
    REQUIRE(writer.sender->try_acquire(writer.slice.bytes) == writer.memory);
    writer.sender->commit(writer.slice.bytes, writer.slice.signature());
    writer.memory = nullptr;
    for (int peer : writer.peers) {
      Link& at = link(writer.from, peer, writer.lane);
      at.in_flight.push_back(writer.slice);
      at.acquired_for = false;
    }
  }

  void receive(int rank, int from, int lane) {
    Link& at = link(from, rank, lane);
    Receiver& receiver = group_.receiver(rank, from, lane);
    if (at.in_flight.empty()) {
      REQUIRE(receiver.try_peek().data == nullptr);
      return;
    }
    group_.receive(receiver, at.in_flight.front());
    at.in_flight.pop_front();
  }

  Group& group_;
  std::mt19937_64 random_;
  std::vector<Writer> writers_;
  std::vector<Link> links_ = std::vector<Link>(group_.size() * group_.size() * group_.any().lanes());
};

TEST_CASE(
    "Senders of all kinds in any order keep to the model of ordered connections with room for a slice") {
  Group group = Group::each();
  const int writers = GENERATE(4, 30);
  Model model{group, writers};
  for (int step = 0; step < 3000; ++step) model.step();
  model.finish();
}

}  // namespace
}  // namespace bccl::test
