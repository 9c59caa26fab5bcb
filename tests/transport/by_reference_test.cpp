// What senders that can send by reference promise: content, order, room, and when the memory is the caller's again.
// Transports without that power pass by sending everything by value.
#include <algorithm>
#include <deque>

#include "../support/sanitized.h"
#include "conformance.h"
#include "memory/allocations.h"

namespace bccl::test {
namespace {

/// Memory of a kind that every transport can send from by reference if it can at all; the peers have been told of it.
class Lendable {
 public:
  Lendable(Group& group, size_t bytes) : Lendable(bytes) {
    group[0].expect({memory_, bytes});
    group.never([] { return false; });  // polls: time to map it
  }
  explicit Lendable(size_t bytes) : memory_(allocate_shared(bytes).value()) {}
  Lendable(const Lendable&) = delete;
  Lendable& operator=(const Lendable&) = delete;
  ~Lendable() { static_cast<void>(free_shared(memory_)); }  // refused where nobody asked whether all is released

  std::byte* data() { return memory_; }

 private:
  std::byte* const memory_;
};

/// Sends what it can by reference, and knows when the memory is the caller's again.
class Lender {
 public:
  Lender(Group& group, Sender& sender) : group_(group), sender_(sender), power_(sender.by_reference()) {}

  bool can() const { return power_ != nullptr; }
  ByReference& power() { return *power_; }

  /// Sends by reference from `memory`, by value where the sender will not have it. Whether it went by reference.
  bool send(std::byte* memory, const Sample& slice) {
    slice.write(memory);
    if (power_ == nullptr || room(memory, slice.bytes) != Room::yes) {
      group_.send(sender_, slice);
      return false;
    }
    power_->send(memory, slice.bytes, slice.signature());
    return true;
  }

  Room room(const std::byte* memory, size_t bytes) {
    Room room = Room::not_yet;
    group_.eventually([&] { return (room = power_->room_for(memory, bytes)) != Room::not_yet; });
    REQUIRE(room != Room::not_yet);
    return room;
  }

  /// Eventually; for what is so already save for the transport's own delays.
  bool hears_of(uint64_t released) {
    return group_.eventually([&] { return power_->released() >= released; });
  }

 private:
  Group& group_;
  Sender& sender_;
  ByReference* const power_;
};

TEST_CASE("The power to send by reference is the same at every question") {
  Group group = Group::each();
  Sender& sender = group.sender(0, group.all_but(0));
  CHECK(sender.by_reference() == sender.by_reference());
  if (sender.by_reference() == nullptr) return;
  CHECK(sender.by_reference()->sent() == 0);
  CHECK(sender.by_reference()->released() == 0);
}

TEST_CASE("A slice of any size arrives whole by reference") {
  Group group = Group::each();
  Lendable memory(group, group.any().slice_bytes_max());
  uint64_t serial = 0;
  for (const std::vector<int>& peers : {std::vector<int>{1}, group.all_but(0)}) {
    Sender& sender = group.sender(0, peers);
    Lender lender{group, sender};
    for (size_t bytes : slice_sizes(group.any().slice_bytes_max())) {
      const Sample slice{key_of(0, 1, 0, serial++), bytes};
      lender.send(memory.data(), slice);
      for (int peer : peers) group.receive(group.receiver(peer, 0), slice);
      if (lender.can()) REQUIRE(lender.hears_of(lender.power().sent()));
    }
  }
}

TEST_CASE("Slices by reference and by value arrive in the order of sends and commits") {
  Group group = Group::each({3, 8});
  const size_t bytes_max = group.any().slice_bytes_max();
  const int last = group.size() - 1;
  const std::vector<std::vector<int>> peer_sets{{last}, group.all_but(0)};
  std::deque<Lendable> memories;
  for (int lap = 0; lap < 20; ++lap) {
    std::vector<Sample> sent;
    for (int i = 0; i < slices_promised; ++i) {
      const uint64_t dice = hash_of(group.seed() + lap * slices_promised + i);
      const std::vector<int>& peers = peer_sets[dice % peer_sets.size()];
      const Sample slice{dice, random_size(hash_of(dice), bytes_max)};
      Sender& sender = group.sender(0, peers);
      if (dice / 2 % 2 == 0)
        group.send(sender, slice);
      else
        Lender{group, sender}.send(memories.emplace_back(group, bytes_max).data(), slice);
      for (int peer : peers)
        if (peer != last) group.receive(group.receiver(peer, 0), slice);
      sent.push_back(slice);
    }
    for (const Sample& slice : sent) group.receive(group.receiver(last, 0), slice);
  }
}

TEST_CASE("A send by reference counts as released when the last peer has released it, or when it was copied") {
  Group group = Group::each();
  const size_t bytes = std::min<size_t>(8192, group.any().slice_bytes_max());
  Lendable memory(group, slices_promised * bytes);
  Sender& sender = group.sender(0, group.all_but(0));
  Lender lender{group, sender};
  if (!lender.can()) return;
  uint64_t by_reference = 0;
  for (uint64_t serial = 0; serial < slices_promised; ++serial) {
    by_reference += lender.send(memory.data() + serial * bytes, {serial, bytes});
    CHECK(lender.power().sent() == by_reference);
  }
  if (by_reference < slices_promised) return;
  // Whatever counts as released may be overwritten; nobody sees it.
  const auto overwrite_released = [&] {
    const auto count = static_cast<size_t>(lender.power().released());
    std::fill_n(memory.data(), count * bytes, std::byte{0x5a});
  };
  for (int peer : group.all_but(0)) {
    group.never([&] {
      overwrite_released();
      return false;
    });
    group.receive(group.receiver(peer, 0), {0, bytes});
  }
  CHECK(lender.hears_of(1));
  overwrite_released();
  for (uint64_t serial = 1; serial < slices_promised; ++serial)
    for (int peer : group.all_but(0)) group.receive(group.receiver(peer, 0), {serial, bytes});
  CHECK(lender.hears_of(slices_promised));
  CHECK(group.never([&] { return lender.power().released() > lender.power().sent(); }));
}

TEST_CASE("A slice by value that is kept holds back no send by reference before it") {
  Group group = Group::each();
  const size_t bytes = std::min<size_t>(8192, group.any().slice_bytes_max());
  Lendable memory(group, bytes);
  Sender& sender = group.sender(0, {1});
  Lender lender{group, sender};
  if (!lender.can() || !lender.send(memory.data(), {1, bytes})) return;
  group.send(sender, {2, bytes});
  group.receive(group.receiver(1, 0), {1, bytes});
  CHECK(lender.hears_of(1));
  group.receive(group.receiver(1, 0), {2, bytes});
}

TEST_CASE("A connection holds the promised slices by reference at least and slices_max() at most") {
  Group group = Group::each();
  const size_t bytes = std::min<size_t>(8192, group.any().slice_bytes_max());
  Lendable memory(group, bytes);
  Sample{1, bytes}.write(memory.data());
  Lender lender{group, group.sender(0, {1})};
  if (!lender.can() || lender.room(memory.data(), bytes) != Room::yes) return;
  uint64_t sent = 0;
  while (!group.never([&] { return lender.power().room_for(memory.data(), bytes) == Room::yes; })) {
    lender.power().send(memory.data(), bytes, Sample{1, bytes}.signature());
    ++sent;
  }
  CHECK(sent >= slices_promised);
  CHECK(sent <= static_cast<uint64_t>(group.any().slices_max()));
  for (uint64_t i = 0; i < sent; ++i) group.receive(group.receiver(1, 0), {1, bytes});
  CHECK(lender.hears_of(sent));
}

/// A rank that sends to all others from a few pieces of memory, each of which it writes anew as soon as it may; and one
/// that takes and checks what they send.
class Reuser {
 public:
  static constexpr uint64_t pieces = 3;
  static constexpr uint64_t sends = sanitized ? 60 : 200;

  Reuser(Group& group, RankThread& thread, size_t bytes)
      : group_(group), thread_(thread), bytes_(bytes), memory_(pieces * bytes), received_(group.size(), 0) {}

  Status run() {
    const std::vector<int> others = group_.all_but(thread_.rank());
    sender_ = BCCL_TRY(thread_.endpoint().sender(others, 0));
    for (int peer : others) receivers_.push_back({BCCL_TRY(thread_.endpoint().receiver(peer, 0)), peer});
    Status trouble;
    BCCL_TRY(thread_.wait_for("its part of the reuse", [&] {
      send();
      bool done = sent_ == sends && all_released();
      for (const auto& [receiver, peer] : receivers_) {
        if (trouble.ok()) trouble = receive(*receiver, peer);
        done &= received_[peer] == sends;
      }
      return done || !trouble.ok();
    }));
    return trouble;
  }

 private:
  Sample slice(int from, uint64_t serial) const { return {key_of(from, from, 0, serial), bytes_}; }
  bool all_released() {
    ByReference* const power = sender_->by_reference();
    return power == nullptr || power->released() == power->sent();
  }

  void send() {
    if (sent_ == sends) return;
    const Sample next = slice(thread_.rank(), sent_);
    ByReference* const power = sender_->by_reference();
    std::byte* const piece = memory_.data() + sent_ % pieces * bytes_;
    if (power != nullptr && ticket_[sent_ % pieces] <= power->released()) {
      const Room room = power->room_for(piece, bytes_);
      if (room == Room::not_yet) return;
      if (room == Room::yes) {
        next.write(piece);
        power->send(piece, bytes_, next.signature());
        ticket_[sent_++ % pieces] = power->sent();
        return;
      }
    } else if (power != nullptr) {
      return;
    }
    std::byte* const slot = sender_->try_acquire(bytes_);
    if (slot == nullptr) return;
    next.write(slot);
    sender_->commit(bytes_, next.signature());
    ++sent_;
  }

  Status receive(Receiver& receiver, int peer) {
    const Arrival arrival = receiver.try_peek();
    if (arrival.data == nullptr) return {};
    const std::string difference = slice(peer, received_[peer]).difference(arrival);
    if (!difference.empty())
      return fail(Code::internal_error, "rank {}: slice {} of rank {}: {}", thread_.rank(), received_[peer], peer, difference);
    receiver.release();
    ++received_[peer];
    return {};
  }

  Group& group_;
  RankThread& thread_;
  size_t bytes_;
  Lendable memory_;
  Sender* sender_ = nullptr;
  std::vector<std::pair<Receiver*, int>> receivers_;
  uint64_t sent_ = 0;
  uint64_t ticket_[pieces] = {};
  std::vector<uint64_t> received_;
};

TEST_CASE("Memory that is written anew whenever it is released never shows through earlier slices") {
  Group group = Group::each();
  const size_t bytes = std::min<size_t>(8192, group.any().slice_bytes_max());
  REQUIRE(is_ok(run_ranks(group, [&](RankThread& thread) { return Reuser{group, thread, bytes}.run(); })));
}

}  // namespace
}  // namespace bccl::test
