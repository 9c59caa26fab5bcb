#include "transport/decorators/faulty.h"

#include <algorithm>

#include "transport/decorators/decorator.h"

namespace bccl {
namespace {

/// Counts towards the fault; shared by all ends of an endpoint.
class Injector {
 public:
  Injector(int rank, const Fault& fault) : rank_(rank), fault_(fault), left_(fault.after) {}

  bool concerns(std::span<const int> peers, int lane) const {
    return (!fault_.peer || std::ranges::count(peers, *fault_.peer) > 0) &&
           (!fault_.lane || *fault_.lane == lane);
  }
  int culprit(std::span<const int> peers) const { return fault_.peer.value_or(peers.front()); }
  bool changes_bytes() const { return fault_.kind == Fault::Kind::flip_bit; }

  /// Counts an operation that faults of this kind look at; true for the one to be struck.
  bool strikes(Fault::Kind kind) { return kind == fault_.kind && left_ >= 0 && left_-- == 0; }

  void stop(int peer) { stopped_by_ = peer; }
  bool stopped() const { return stopped_by_.has_value(); }
  Status status() const {
    return fail(Code::remote_error, "rank {}: peer {} stopped answering after {} operations (injected fault)",
                rank_, *stopped_by_, fault_.after);
  }

 private:
  int rank_;
  Fault fault_;
  int64_t left_;
  std::optional<int> stopped_by_;
};

class FaultySender : public Sender, private ByReference {
 public:
  // The bytes of slices by reference are the caller's and not for changing: where bits are to flip, all go by value.
  FaultySender(Sender& inner, Injector& injector, std::span<const int> peers, int lane)
      : inner_(inner),
        inner_by_reference_(injector.changes_bytes() ? nullptr : inner.by_reference()),
        injector_(injector),
        concerned_(injector.concerns(peers, lane)),
        culprit_(injector.culprit(peers)) {}

  std::byte* try_acquire(size_t bytes) override {
    if (injector_.stopped()) return nullptr;
    return memory_ = inner_.try_acquire(bytes);
  }

  void commit(size_t bytes, uint32_t signature) override {
    strike(signature);
    if (concerned_ && bytes > 0 && injector_.strikes(Fault::Kind::flip_bit)) memory_[bytes / 2] ^= std::byte{1};
    if (!injector_.stopped()) inner_.commit(bytes, signature);
  }

  ByReference* by_reference() override { return inner_by_reference_ != nullptr ? this : nullptr; }

 private:
  Room room_for(const std::byte* data, size_t bytes) override {
    return injector_.stopped() ? Room::not_yet : inner_by_reference_->room_for(data, bytes);
  }

  void send(const std::byte* data, size_t bytes, uint32_t signature) override {
    strike(signature);
    if (injector_.stopped())
      ++lost_;
    else
      inner_by_reference_->send(data, bytes, signature);
  }

  uint64_t sent() const override { return inner_by_reference_->sent() + lost_; }
  uint64_t released() override { return inner_by_reference_->released(); }

  void strike(uint32_t& signature) {
    if (!concerned_) return;
    if (injector_.strikes(Fault::Kind::stop)) injector_.stop(culprit_);
    if (injector_.strikes(Fault::Kind::flip_signature)) signature ^= 1;
  }

  Sender& inner_;
  ByReference* const inner_by_reference_;
  Injector& injector_;
  bool concerned_;
  int culprit_;
  std::byte* memory_ = nullptr;
  uint64_t lost_ = 0;  ///< Sends by reference that a stop has swallowed.
};

class FaultyReceiver : public Receiver, private Placement {
 public:
  FaultyReceiver(Receiver& inner, Injector& injector, int peer, int lane)
      : inner_(inner),
        inner_placement_(inner.placement()),
        injector_(injector),
        concerned_(injector.concerns({&peer, 1}, lane)),
        peer_(peer) {}

  Arrival try_peek() override { return injector_.stopped() ? Arrival{} : show(inner_.try_peek()); }

  void release() override {
    if (concerned_ && injector_.strikes(Fault::Kind::stop)) injector_.stop(peer_);
    if (!injector_.stopped()) inner_.release();
    shown_ = false;
  }

  Placement* placement() override { return inner_placement_ != nullptr ? this : nullptr; }

 private:
  Arrival try_peek_into(std::byte* place, size_t bytes) override {
    return injector_.stopped() ? Arrival{} : show(inner_placement_->try_peek_into(place, bytes));
  }

  Arrival show(Arrival arrival) {
    if (arrival.data == nullptr) return {};
    if (!shown_) truncated_ = concerned_ && injector_.strikes(Fault::Kind::truncate);
    shown_ = true;
    if (truncated_) arrival.bytes /= 2;
    return arrival;
  }

  Receiver& inner_;
  Placement* const inner_placement_;
  Injector& injector_;
  bool concerned_;
  int peer_;
  bool shown_ = false;
  bool truncated_ = false;
};

class Faulty : public Decorator {
 public:
  Faulty(std::unique_ptr<Endpoint> inner, int rank, const Fault& fault)
      : Decorator(std::move(inner)), injector_(rank, fault) {}

  Status poll() override { return injector_.stopped() ? injector_.status() : Decorator::poll(); }

 private:
  std::unique_ptr<Sender> wrap_sender(Sender& inner, std::span<const int> peers, int lane) override {
    return std::make_unique<FaultySender>(inner, injector_, peers, lane);
  }
  std::unique_ptr<Receiver> wrap_receiver(Receiver& inner, int peer, int lane) override {
    return std::make_unique<FaultyReceiver>(inner, injector_, peer, lane);
  }

  Injector injector_;
};

}  // namespace

std::unique_ptr<Endpoint> faulty(std::unique_ptr<Endpoint> inner, int rank, const Fault& fault) {
  return std::make_unique<Faulty>(std::move(inner), rank, fault);
}

}  // namespace bccl
