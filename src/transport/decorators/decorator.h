/// The common ground of all decorators: an Endpoint that owns another one, forwards everything to it, and
/// puts its own ends around the inner ones. A decorator overrides what it changes and nothing else. Used like
/// the endpoint within: by one thread at a time. Decorators nest in any order.
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "transport/transport.h"

namespace bccl {

class Decorator : public Endpoint {
 public:
  explicit Decorator(std::unique_ptr<Endpoint> inner) : inner_(std::move(inner)) {}

  std::string_view transport() const override { return inner_->transport(); }
  int lanes() const override { return inner_->lanes(); }
  size_t slice_bytes_max() const override { return inner_->slice_bytes_max(); }
  Stores stores() const override { return inner_->stores(); }
  int slices_max() const override { return inner_->slices_max(); }
  Status poll() override { return inner_->poll(); }
  bool is_flushed() const override { return inner_->is_flushed(); }
  int wake_descriptor() const override { return inner_->wake_descriptor(); }
  void expect(std::span<const std::byte> memory) override { inner_->expect(memory); }
  Words* words() override { return inner_->words(); }
  Memory memory() const override { return inner_->memory(); }
  Status give_back_pages() override { return inner_->give_back_pages(); }
  Status fetch_pages() override { return inner_->fetch_pages(); }

  Result<Sender*> sender(std::span<const int> peers, int lane) final {
    auto& wrapped = senders_[{{peers.begin(), peers.end()}, lane}];
    if (!wrapped) wrapped = wrap_sender(*BCCL_TRY(inner_->sender(peers, lane)), peers, lane);
    return wrapped.get();
  }

  Result<Receiver*> receiver(int peer, int lane) final {
    auto& wrapped = receivers_[{peer, lane}];
    if (!wrapped) wrapped = wrap_receiver(*BCCL_TRY(inner_->receiver(peer, lane)), peer, lane);
    return wrapped.get();
  }

 protected:
  /// What the caller gets in place of `inner`; asked once for each near end.
  virtual std::unique_ptr<Sender> wrap_sender(Sender& inner, std::span<const int> peers, int lane) = 0;
  virtual std::unique_ptr<Receiver> wrap_receiver(Receiver& inner, int peer, int lane) = 0;

 private:
  std::unique_ptr<Endpoint> inner_;  // outlives the ends below, which refer to its own
  std::map<std::pair<std::vector<int>, int>, std::unique_ptr<Sender>> senders_;
  std::map<std::pair<int, int>, std::unique_ptr<Receiver>> receivers_;
};

}  // namespace bccl
