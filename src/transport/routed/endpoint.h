/// One endpoint made of two: peers on the same host are reached through one transport, all others through another.
/// A slice for peers of both kinds is written once and copied once, at commit. Used like the endpoints within: by one
/// thread at a time.
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "transport/transport.h"

namespace bccl {

/// A sender of an endpoint within, which several senders of the routed one may use, each while it has acquired.
class Way {
 public:
  explicit Way(Sender& inner) : inner_(inner) {}

  std::byte* try_acquire(const Sender* user, size_t bytes) {
    if (user_ != nullptr && user_ != user) return nullptr;
    std::byte* const memory = inner_.try_acquire(bytes);
    if (memory != nullptr) user_ = user;
    return memory;
  }
  /// What was acquired is left, unwritten, to whoever acquires next.
  void yield() { user_ = nullptr; }
  void commit(size_t bytes, uint32_t signature) {
    user_ = nullptr;
    inner_.commit(bytes, signature);
  }
  ByReference* by_reference() { return inner_.by_reference(); }

 private:
  Sender& inner_;
  const Sender* user_ = nullptr;  ///< Has acquired, and not committed.
};

class RoutedEndpoint final : public Endpoint, private Words {
 public:
  /// `is_near`: by rank.
  RoutedEndpoint(std::unique_ptr<Endpoint> near, std::unique_ptr<Endpoint> far, std::vector<bool> is_near);
  ~RoutedEndpoint() override;

  std::string_view transport() const override { return "routed"; }
  Result<Sender*> sender(std::span<const int> peers, int lane) override;
  Result<Receiver*> receiver(int peer, int lane) override { return towards(peer).receiver(peer, lane); }
  int lanes() const override;
  size_t slice_bytes_max() const override;
  Stores stores() const override { return near_->stores(); }
  int slices_max() const override;
  Status poll() override;
  bool is_flushed() const override { return near_->is_flushed() && far_->is_flushed(); }
  int wake_descriptor() const override { return far_->wake_descriptor(); }  ///< The near one rings doorbells.
  /// If both have that power.
  Words* words() override { return near_->words() != nullptr && far_->words() != nullptr ? this : nullptr; }
  Memory memory() const override;
  Status give_back_pages() override;
  Status fetch_pages() override;

 private:
  void leave(std::span<const int> peers, const Word& word) override;
  std::optional<Word> word_of(int peer) override { return towards(peer).words()->word_of(peer); }

  bool is_near(int peer) const;
  Result<Way*> way(Endpoint& inner, const std::vector<int>& peers, int lane);
  Endpoint& towards(int peer) { return is_near(peer) ? *near_ : *far_; }

  std::unique_ptr<Endpoint> near_;
  std::unique_ptr<Endpoint> far_;
  const std::vector<bool> is_near_;
  std::map<const Sender*, Way> ways_;
  std::map<std::pair<std::vector<int>, int>, std::unique_ptr<Sender>> senders_;
};

}  // namespace bccl
