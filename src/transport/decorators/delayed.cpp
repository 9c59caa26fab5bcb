#include "transport/decorators/delayed.h"

#include <optional>
#include <random>

#include "transport/decorators/decorator.h"

namespace bccl {
namespace {

enum class Direction : uint32_t { out, in };

/// How often the next slice of one near end is still denied.
class Hesitation {
 public:
  Hesitation(const Delays& delays, Direction direction, std::span<const int> peers, int lane)
      : delays_(delays) {
    std::vector<uint32_t> identity{static_cast<uint32_t>(delays.seed),
                                   static_cast<uint32_t>(delays.seed >> 32), static_cast<uint32_t>(direction),
                                   static_cast<uint32_t>(lane)};
    identity.insert(identity.end(), peers.begin(), peers.end());
    std::seed_seq seeds(identity.begin(), identity.end());
    random_.seed(seeds);
    next_slice();
  }

  bool denies() { return left_ > 0 && left_-- > 0; }

  void next_slice() {
    const bool delayed = random_() < delays_.probability * 0x1p32;
    const auto burst = static_cast<uint32_t>(delays_.burst_max);
    left_ = delayed && burst > 0 ? 1 + random_() % burst : 0;
  }

 private:
  Delays delays_;
  std::mt19937 random_;
  uint32_t left_ = 0;
};

/// Says "no room yet" as its sender does, and hears of releases late.
class DelayedReference : public ByReference {
 public:
  DelayedReference(ByReference& inner, Hesitation& hesitation)
      : inner_(inner), hesitation_(hesitation), hearing_(hesitation) {}

  Room room_for(const std::byte* data, size_t bytes) override {
    const Room room = inner_.room_for(data, bytes);
    return room == Room::yes && hesitation_.denies() ? Room::not_yet : room;
  }

  void send(const std::byte* data, size_t bytes, uint32_t signature) override {
    inner_.send(data, bytes, signature);
    hesitation_.next_slice();
  }

  uint64_t sent() const override { return inner_.sent(); }

  uint64_t released() override {
    const uint64_t released = inner_.released();
    if (released != heard_ && !hearing_.denies()) {
      heard_ = released;
      hearing_.next_slice();
    }
    return heard_;
  }

 private:
  ByReference& inner_;
  Hesitation& hesitation_;
  Hesitation hearing_;
  uint64_t heard_ = 0;
};

class DelayedSender : public Sender {
 public:
  DelayedSender(Sender& inner, const Hesitation& hesitation) : inner_(inner), hesitation_(hesitation) {
    if (ByReference* const power = inner.by_reference()) by_reference_.emplace(*power, hesitation_);
  }

  // Denied before the inner sender is asked: memory that the caller does not know of must not be held.
  std::byte* try_acquire(size_t bytes) override {
    if (!acquired_ && hesitation_.denies()) return nullptr;
    std::byte* memory = inner_.try_acquire(bytes);
    acquired_ = memory != nullptr;
    return memory;
  }

  void commit(size_t bytes, uint32_t signature) override {
    inner_.commit(bytes, signature);
    acquired_ = false;
    hesitation_.next_slice();
  }

  ByReference* by_reference() override { return by_reference_ ? &*by_reference_ : nullptr; }

 private:
  Sender& inner_;
  Hesitation hesitation_;
  std::optional<DelayedReference> by_reference_;
  bool acquired_ = false;
};

class DelayedReceiver : public Receiver, private Placement {
 public:
  DelayedReceiver(Receiver& inner, const Hesitation& hesitation)
      : inner_(inner), inner_placement_(inner.placement()), hesitation_(hesitation) {}

  Arrival try_peek() override { return show(inner_.try_peek()); }

  void release() override {
    inner_.release();
    shown_ = false;
    hesitation_.next_slice();
  }

  Placement* placement() override { return inner_placement_ != nullptr ? this : nullptr; }

 private:
  Arrival try_peek_into(std::byte* place, size_t bytes) override {
    return show(inner_placement_->try_peek_into(place, bytes));
  }

  // Denied only when there is a slice: a delay that runs out before the slice comes would delay nothing.
  Arrival show(const Arrival& arrival) {
    if (arrival.data == nullptr || (!shown_ && hesitation_.denies())) return {};
    shown_ = true;
    return arrival;
  }

  Receiver& inner_;
  Placement* const inner_placement_;
  Hesitation hesitation_;
  bool shown_ = false;
};

class Delayed : public Decorator {
 public:
  Delayed(std::unique_ptr<Endpoint> inner, const Delays& delays)
      : Decorator(std::move(inner)), delays_(delays) {}

 private:
  std::unique_ptr<Sender> wrap_sender(Sender& inner, std::span<const int> peers, int lane) override {
    return std::make_unique<DelayedSender>(inner, Hesitation{delays_, Direction::out, peers, lane});
  }
  std::unique_ptr<Receiver> wrap_receiver(Receiver& inner, int peer, int lane) override {
    return std::make_unique<DelayedReceiver>(inner, Hesitation{delays_, Direction::in, {&peer, 1}, lane});
  }

  Delays delays_;
};

}  // namespace

std::unique_ptr<Endpoint> delayed(std::unique_ptr<Endpoint> inner, const Delays& delays) {
  return std::make_unique<Delayed>(std::move(inner), delays);
}

}  // namespace bccl
