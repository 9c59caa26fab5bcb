#include "conformance.h"

#include <mutex>

#include "../support/rank_threads.h"

namespace bccl::test {

Group Group::each(std::initializer_list<int> sizes) {
  const TransportUnderTest transport = GENERATE(from_range(transports_under_test()));
  const int ranks = GENERATE_COPY(from_range(std::vector<int>(sizes)));
  return Group{transport, ranks};
}

Group::Group(const TransportUnderTest& transport, int ranks)
    : name_(fmt::format("{}, {} ranks, seed {}", transport.name, ranks, Catch::rngSeed())),
      bare_(transport.bare),
      label_(Catch::MessageBuilder("INFO", CATCH_INTERNAL_LINEINFO, Catch::ResultWas::Info) << name_),
      endpoints_(transport.make_group(ranks)) {}

Group::~Group() {
  on_ranks(size(), [this](int rank) { endpoints_[rank].reset(); });
}

Sender& Group::sender(int from, const std::vector<int>& peers, int lane) {
  Result<Sender*> sender = endpoints_[from]->sender(peers, lane);
  REQUIRE(sender.ok());
  return **sender;
}

Receiver& Group::receiver(int rank, int from, int lane) {
  Result<Receiver*> receiver = endpoints_[rank]->receiver(from, lane);
  REQUIRE(receiver.ok());
  return **receiver;
}

std::vector<int> Group::all_but(int rank) const {
  std::vector<int> others;
  for (int other = 0; other < size(); ++other)
    if (other != rank) others.push_back(other);
  return others;
}

void Group::poll() {
  for (const auto& endpoint : endpoints_)
    if (const Status status = endpoint->poll(); !status) FAIL(status.sentence());
}

std::byte* Group::acquire(Sender& sender, size_t bytes) {
  std::byte* memory = nullptr;
  eventually([&] { return (memory = sender.try_acquire(bytes)) != nullptr; });
  return memory;
}

std::byte* Group::try_acquire(Sender& sender, size_t bytes) {
  std::byte* memory = nullptr;
  never([&] { return (memory = sender.try_acquire(bytes)) != nullptr; });
  return memory;
}

Arrival Group::peek(Receiver& receiver) {
  Arrival arrival;
  eventually([&] { return (arrival = receiver.try_peek()).data != nullptr; });
  return arrival;
}

void Group::send(Sender& sender, const Sample& slice) {
  std::byte* memory = acquire(sender, slice.bytes);
  REQUIRE(memory != nullptr);
  slice.write(memory);
  sender.commit(slice.bytes, slice.signature());
}

bool Group::try_send(Sender& sender, const Sample& slice) {
  std::byte* memory = try_acquire(sender, slice.bytes);
  if (memory == nullptr) return false;
  slice.write(memory);
  sender.commit(slice.bytes, slice.signature());
  return true;
}

void Group::receive(Receiver& receiver, const Sample& slice) {
  REQUIRE(slice.difference(peek(receiver)) == "");
  receiver.release();
}

Status run_ranks(Group& group, const std::function<Status(RankThread&)>& body) {
  std::atomic<bool> failed = false;
  std::mutex mutex;
  Status first;
  std::vector<std::thread> threads;
  for (int rank = 0; rank < group.size(); ++rank) {
    threads.emplace_back([&, rank] {
      RankThread thread{group[rank], rank, failed};
      Status status = body(thread);
      if (status.ok()) return;
      const std::lock_guard lock{mutex};
      if (!failed.exchange(true)) first = std::move(status);
    });
  }
  for (std::thread& thread : threads) thread.join();
  return first;
}

bool is_ok(const Status& status) {
  if (!status.ok()) UNSCOPED_INFO(status.sentence());
  return status.ok();
}

}  // namespace bccl::test
