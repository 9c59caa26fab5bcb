#include "shm_group.h"

#include <stdexcept>
#include <thread>

#include "bootstrap/rendezvous.h"
#include "transport/shm/endpoint.h"

namespace bccl::test {
namespace {

/// An endpoint together with the node it lives on.
class Housed final : public Endpoint {
 public:
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
  Memory memory() const override { return endpoint_.memory(); }

 private:
  std::unique_ptr<Node> node_;
  shm::ShmEndpoint endpoint_;
};

constexpr int64_t join_patience_ms = 30'000;

}  // namespace

Endpoints make_shm_group(int ranks) {
  const auto exchanges = local_exchanges(ranks);
  Endpoints group(static_cast<size_t>(ranks));
  std::vector<std::string> errors(group.size());
  std::vector<std::thread> threads;
  for (size_t rank = 0; rank < group.size(); ++rank)
    threads.emplace_back([&, rank] {
      auto node =
          Node::join(*exchanges[rank], [](int here) { return shm::arena_bytes(here, {}); }, Deadline::after_ms(join_patience_ms));
      if (node.ok())
        group[rank] = std::make_unique<Housed>(std::move(node).value());
      else
        errors[rank] = node.sentence();
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& error : errors)
    if (!error.empty()) throw std::runtime_error(error);
  return group;
}

}  // namespace bccl::test
