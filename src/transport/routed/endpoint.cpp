#include "transport/routed/endpoint.h"

#include <algorithm>
#include <cstring>

namespace bccl {
namespace {

/// Towards peers of one kind.
class OneWay final : public Sender {
 public:
  explicit OneWay(Way& way) : way_(way) {}

  std::byte* try_acquire(size_t bytes) override { return way_.try_acquire(this, bytes); }
  void commit(size_t bytes, uint32_t signature) override { way_.commit(bytes, signature); }
  ByReference* by_reference() override { return way_.by_reference(); }

 private:
  Way& way_;
};

/// Towards peers of both kinds: there is room when both ways have it.
class BothWays final : public Sender {
 public:
  BothWays(Way& near, Way& far) : near_(near), far_(far) {}

  std::byte* try_acquire(size_t bytes) override {
    in_far_ = far_.try_acquire(this, bytes);
    in_near_ = in_far_ != nullptr ? near_.try_acquire(this, bytes) : nullptr;
    if (in_near_ != nullptr) return in_far_;
    if (in_far_ != nullptr) far_.yield();
    return nullptr;
  }

  void commit(size_t bytes, uint32_t signature) override {
    if (bytes > 0) std::memcpy(in_near_, in_far_, bytes);
    near_.commit(bytes, signature);
    far_.commit(bytes, signature);
  }

 private:
  Way& near_;
  Way& far_;
  std::byte* in_near_ = nullptr;
  std::byte* in_far_ = nullptr;
};

}  // namespace

RoutedEndpoint::RoutedEndpoint(std::unique_ptr<Endpoint> near, std::unique_ptr<Endpoint> far,
                               std::vector<bool> is_near)
    : near_(std::move(near)), far_(std::move(far)), is_near_(std::move(is_near)) {}

RoutedEndpoint::~RoutedEndpoint() = default;

/// A rank that there is not is far: the far endpoint refuses it.
bool RoutedEndpoint::is_near(int peer) const {
  return peer >= 0 && static_cast<size_t>(peer) < is_near_.size() && is_near_[static_cast<size_t>(peer)];
}

Result<Way*> RoutedEndpoint::way(Endpoint& inner, const std::vector<int>& peers, int lane) {
  Sender* const sender = BCCL_TRY(inner.sender(peers, lane));
  return &ways_.try_emplace(sender, *sender).first->second;
}

Result<Sender*> RoutedEndpoint::sender(std::span<const int> peers, int lane) {
  std::vector<int> near;
  std::vector<int> far;
  for (const int peer : peers) (is_near(peer) ? near : far).push_back(peer);
  std::unique_ptr<Sender> made;
  if (near.empty() || far.empty()) {
    made = std::make_unique<OneWay>(*BCCL_TRY(near.empty() ? way(*far_, far, lane) : way(*near_, near, lane)));
  } else {
    Way* const by_near = BCCL_TRY(way(*near_, near, lane));
    made = std::make_unique<BothWays>(*by_near, *BCCL_TRY(way(*far_, far, lane)));
  }
  return senders_.try_emplace({{peers.begin(), peers.end()}, lane}, std::move(made)).first->second.get();
}

void RoutedEndpoint::leave(std::span<const int> peers, const Word& word) {
  std::vector<int> near;
  std::vector<int> far;
  for (const int peer : peers) (is_near(peer) ? near : far).push_back(peer);
  near_->words()->leave(near, word);
  far_->words()->leave(far, word);
}

int RoutedEndpoint::lanes() const { return std::min(near_->lanes(), far_->lanes()); }
size_t RoutedEndpoint::slice_bytes_max() const { return std::min(near_->slice_bytes_max(), far_->slice_bytes_max()); }
int RoutedEndpoint::slices_max() const { return std::max(near_->slices_max(), far_->slices_max()); }

Status RoutedEndpoint::poll() {
  BCCL_TRY(near_->poll());
  return far_->poll();
}

Endpoint::Memory RoutedEndpoint::memory() const {
  const Memory near = near_->memory();
  const Memory far = far_->memory();
  return {near.reserved + far.reserved, near.touched + far.touched, near.staging + far.staging};
}

Status RoutedEndpoint::give_back_pages() {
  BCCL_TRY(near_->give_back_pages());
  return far_->give_back_pages();
}

Status RoutedEndpoint::fetch_pages() {
  BCCL_TRY(near_->fetch_pages());
  return far_->fetch_pages();
}

}  // namespace bccl
