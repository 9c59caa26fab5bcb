#include "shm_group.h"

#include <functional>
#include <stdexcept>

#include "../support/rank_threads.h"
#include "bootstrap/rendezvous.h"
#include "mailbox.h"
#include "transport/routed/endpoint.h"
#include "transport/shm/endpoint.h"

namespace bccl::test {
namespace {

/// An endpoint together with the node it lives on.
class Housed final : public Endpoint {
 public:
  bool is_near(int rank) const { return node_->is_here(rank); }

  explicit Housed(std::unique_ptr<Node> node) : node_(std::move(node)), endpoint_(*node_, {}) {}

  std::string_view transport() const override { return endpoint_.transport(); }
  Result<Sender*> sender(std::span<const int> peers, int lane) override {
    return endpoint_.sender(peers, lane);
  }
  Result<Receiver*> receiver(int peer, int lane) override { return endpoint_.receiver(peer, lane); }
  int lanes() const override { return endpoint_.lanes(); }
  size_t slice_bytes_max() const override { return endpoint_.slice_bytes_max(); }
  Stores stores() const override { return endpoint_.stores(); }
  int slices_max() const override { return endpoint_.slices_max(); }
  Status poll() override { return endpoint_.poll(); }
  void expect(std::span<const std::byte> memory) override { endpoint_.expect(memory); }
  Words* words() override { return endpoint_.words(); }
  Memory memory() const override { return endpoint_.memory(); }

 private:
  std::unique_ptr<Node> node_;
  shm::ShmEndpoint endpoint_;
};

constexpr int64_t join_patience_ms = 30'000;

/// `host_of`: empty for the real one.
std::vector<std::unique_ptr<Housed>> make_housed(int ranks, const std::function<std::string(int rank)>& host_of) {
  const auto exchanges = local_exchanges(ranks);
  std::vector<std::unique_ptr<Housed>> group(static_cast<size_t>(ranks));
  std::vector<std::string> errors(group.size());
  on_ranks(ranks, [&](int rank) {
    const auto at = static_cast<size_t>(rank);
    const auto arena_bytes = [](int here) { return shm::arena_bytes(here, {}); };
    auto node = Node::join(*exchanges[at], arena_bytes, Deadline::after_ms(join_patience_ms), {.identity = {.host = host_of(rank)}});
    if (node.ok())
      group[at] = std::make_unique<Housed>(std::move(node).value());
    else
      errors[at] = node.sentence();
  });
  for (const std::string& error : errors)
    if (!error.empty()) throw std::runtime_error(error);
  return group;
}

}  // namespace

Endpoints make_shm_group(int ranks) {
  Endpoints group;
  for (auto& housed : make_housed(ranks, [](int) { return ""; })) group.push_back(std::move(housed));
  return group;
}

Endpoints make_routed_group(int ranks) {
  auto near = make_housed(ranks, [](int rank) { return rank % 2 == 0 ? "even" : "odd"; });
  auto far = make_mailbox_group(ranks);
  Endpoints group;
  for (size_t rank = 0; rank < near.size(); ++rank) {
    std::vector<bool> is_near;
    for (int peer = 0; peer < ranks; ++peer) is_near.push_back(near[rank]->is_near(peer));
    group.push_back(std::make_unique<RoutedEndpoint>(std::move(near[rank]), std::move(far[rank]), std::move(is_near)));
  }
  return group;
}

}  // namespace bccl::test

