#include "transport/decorators/delayed.h"

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

class DelayedSender : public Sender {
 public:
  DelayedSender(Sender& inner, const Hesitation& hesitation) : inner_(inner), hesitation_(hesitation) {}

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

 private:
  Sender& inner_;
  Hesitation hesitation_;
  bool acquired_ = false;
};

class DelayedReceiver : public Receiver {
 public:
  DelayedReceiver(Receiver& inner, const Hesitation& hesitation) : inner_(inner), hesitation_(hesitation) {}

  // Denied only when there is a slice: a delay that runs out before the slice comes would delay nothing.
  Arrival try_peek() override {
    const Arrival arrival = inner_.try_peek();
    if (arrival.data == nullptr || (!shown_ && hesitation_.denies())) return {};
    shown_ = true;
    return arrival;
  }

  void release() override {
    inner_.release();
    shown_ = false;
    hesitation_.next_slice();
  }

 private:
  Receiver& inner_;
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
