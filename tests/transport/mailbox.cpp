#include "mailbox.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <utility>

namespace bccl::test {
namespace {

/// One connection: written by its sender's thread, read and released by its receiver's.
class Queue {
 public:
  explicit Queue(const MailboxShape& shape)
      : bytes_max_(shape.slice_bytes_max),
        slots_(shape.slices_max),
        memory_(std::make_unique_for_overwrite<std::byte[]>(slots_.size() * bytes_max_)) {}

  bool has_room() const {
    return committed_.load(std::memory_order_relaxed) + reserved_ -
               released_.load(std::memory_order_acquire) <
           slots_.size();
  }
  void reserve() { ++reserved_; }

  void push(const std::byte* data, size_t bytes, uint32_t signature) {
    const size_t number = committed_.load(std::memory_order_relaxed);
    std::byte* memory = memory_.get() + number % slots_.size() * bytes_max_;
    std::memcpy(memory, data, bytes);
    --reserved_;
    push_reference(memory, bytes, signature);
  }

  void push_reference(const std::byte* data, size_t bytes, uint32_t signature) {
    const size_t number = committed_.load(std::memory_order_relaxed);
    const bool lent = data < memory_.get() || data >= memory_.get() + slots_.size() * bytes_max_;
    slots_[number % slots_.size()] = {data, bytes, signature, lent};
    committed_.store(number + 1, std::memory_order_release);
  }

  Arrival front() const {
    const size_t number = released_.load(std::memory_order_relaxed);
    return number < committed_.load(std::memory_order_acquire) ? slots_[number % slots_.size()] : Arrival{};
  }
  void pop() { released_.store(released_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

  size_t committed() const { return committed_.load(std::memory_order_relaxed); }
  size_t released() const { return released_.load(std::memory_order_acquire); }

  size_t reserved_bytes() const { return slots_.size() * bytes_max_; }
  size_t touched_bytes() const {
    return std::min(committed_.load(std::memory_order_relaxed), slots_.size()) * bytes_max_;
  }

 private:
  size_t bytes_max_;
  std::vector<Arrival> slots_;
  std::unique_ptr<std::byte[]> memory_;
  size_t reserved_ = 0;  ///< Acquired and not committed yet; the sender's own.
  std::atomic<size_t> committed_ = 0;
  std::atomic<size_t> released_ = 0;
};

/// All connections of a group.
struct Mailbox {
  Mailbox(int ranks_, const MailboxShape& shape_) : ranks(ranks_), shape(shape_) {
    for (int i = 0; i < ranks * ranks * shape.lanes; ++i)
      queues.push_back(i / shape.lanes % (ranks + 1) == 0 ? nullptr : std::make_unique<Queue>(shape));
  }
  Queue& queue(int from, int to, int lane) { return *queues[(from * ranks + to) * shape.lanes + lane]; }

  const int ranks;
  const MailboxShape shape;
  std::vector<std::unique_ptr<Queue>> queues;  ///< By sender, receiver, lane; none from a rank to itself.
};

constexpr size_t referred_bytes_min = 8;  ///< Smaller slices go by value.

/// Notes for each send in flight which slice of each of its queues it was.
class MailboxReference : public ByReference {
 public:
  MailboxReference(const std::vector<Queue*>& queues, int slices_max)
      : queues_(queues), numbers_(size_t(slices_max), std::vector<size_t>(queues.size())) {}

  Room room_for(const std::byte*, size_t bytes) override {
    if (bytes < referred_bytes_min) return Room::by_value;
    return std::ranges::all_of(queues_, &Queue::has_room) ? Room::yes : Room::not_yet;
  }
  void send(const std::byte* data, size_t bytes, uint32_t signature) override {
    released();  // makes room in numbers_
    std::vector<size_t>& numbers = numbers_[sent_++ % numbers_.size()];
    for (size_t i = 0; i < queues_.size(); ++i) {
      queues_[i]->push_reference(data, bytes, signature);
      numbers[i] = queues_[i]->committed();
    }
  }
  uint64_t sent() const override { return sent_; }
  uint64_t released() override {
    while (released_ < sent_ && all_released(numbers_[released_ % numbers_.size()])) ++released_;
    return released_;
  }

 private:
  bool all_released(const std::vector<size_t>& numbers) const {
    for (size_t i = 0; i < queues_.size(); ++i)
      if (queues_[i]->released() < numbers[i]) return false;
    return true;
  }

  const std::vector<Queue*>& queues_;
  std::vector<std::vector<size_t>> numbers_;  ///< By send, in turns; then by queue.
  uint64_t sent_ = 0;
  uint64_t released_ = 0;
};

class MailboxSender : public Sender {
 public:
  MailboxSender(std::vector<Queue*> queues, const MailboxShape& shape)
      : queues_(std::move(queues)),
        by_reference_(queues_, shape.slices_max),
        memory_(std::make_unique_for_overwrite<std::byte[]>(shape.slice_bytes_max)) {}

  std::byte* try_acquire(size_t) override {
    if (acquired_) return memory_.get();
    if (!std::ranges::all_of(queues_, &Queue::has_room)) return nullptr;
    std::ranges::for_each(queues_, &Queue::reserve);
    acquired_ = true;
    return memory_.get();
  }
  void commit(size_t bytes, uint32_t signature) override {
    for (Queue* queue : queues_) queue->push(memory_.get(), bytes, signature);
    acquired_ = false;
  }
  ByReference* by_reference() override { return &by_reference_; }

 private:
  std::vector<Queue*> queues_;
  MailboxReference by_reference_;
  std::unique_ptr<std::byte[]> memory_;
  bool acquired_ = false;
};
static_assert(__STDCPP_DEFAULT_NEW_ALIGNMENT__ >= 16);

/// Puts slices of even size that fit into place, and shows the others where they are.
class MailboxReceiver : public Receiver, private Placement {
 public:
  explicit MailboxReceiver(Queue& queue) : queue_(queue) {}
  Arrival try_peek() override {
    const Arrival arrival = queue_.front();
    return placed_ != nullptr ? Arrival{placed_, arrival.bytes, arrival.signature} : arrival;
  }
  void release() override {
    queue_.pop();
    placed_ = nullptr;
  }
  Placement* placement() override { return this; }

 private:
  Arrival try_peek_into(std::byte* place, size_t bytes) override {
    const Arrival arrival = queue_.front();
    if (placed_ != nullptr || arrival.data == nullptr || arrival.bytes != bytes || bytes % 2 != 0) return try_peek();
    std::memcpy(place, arrival.data, bytes);
    placed_ = place;
    return try_peek();
  }

  Queue& queue_;
  const std::byte* placed_ = nullptr;
};

class MailboxEndpoint : public Endpoint {
 public:
  MailboxEndpoint(std::shared_ptr<Mailbox> mailbox, int rank) : mailbox_(std::move(mailbox)), rank_(rank) {}

  std::string_view transport() const override { return "mailbox"; }
  Result<Sender*> sender(std::span<const int> peers, int lane) override;
  Result<Receiver*> receiver(int peer, int lane) override;
  int lanes() const override { return mailbox_->shape.lanes; }
  size_t slice_bytes_max() const override { return mailbox_->shape.slice_bytes_max; }
  Stores stores() const override { return Stores::cached; }
  int slices_max() const override { return mailbox_->shape.slices_max; }
  Status poll() override { return {}; }
  Memory memory() const override;

 private:
  Status check(int peer, int lane) const;

  std::shared_ptr<Mailbox> mailbox_;
  int rank_;
  std::map<std::pair<std::vector<int>, int>, std::unique_ptr<MailboxSender>> senders_;
  std::map<std::pair<int, int>, std::unique_ptr<MailboxReceiver>> receivers_;
};

Status MailboxEndpoint::check(int peer, int lane) const {
  if (peer < 0 || peer >= mailbox_->ranks || peer == rank_)
    return fail(Code::invalid_argument, "rank {}: no connection to rank {} in a group of {}", rank_, peer,
                mailbox_->ranks);
  if (lane < 0 || lane >= mailbox_->shape.lanes)
    return fail(Code::invalid_argument, "rank {}: no lane {} to rank {}, there are {}", rank_, lane, peer,
                mailbox_->shape.lanes);
  return {};
}

Result<Sender*> MailboxEndpoint::sender(std::span<const int> peers, int lane) {
  if (peers.empty()) return fail(Code::invalid_argument, "rank {}: a sender needs a peer", rank_);
  std::vector<Queue*> queues;
  for (int peer : peers) {
    BCCL_TRY(check(peer, lane));
    Queue* queue = &mailbox_->queue(rank_, peer, lane);
    if (std::ranges::count(queues, queue) > 0)
      return fail(Code::invalid_argument, "rank {}: peer {} is named twice", rank_, peer);
    queues.push_back(queue);
  }
  auto& sender = senders_[{{peers.begin(), peers.end()}, lane}];
  if (!sender) sender = std::make_unique<MailboxSender>(std::move(queues), mailbox_->shape);
  return sender.get();
}

Result<Receiver*> MailboxEndpoint::receiver(int peer, int lane) {
  BCCL_TRY(check(peer, lane));
  auto& receiver = receivers_[{peer, lane}];
  if (!receiver) receiver = std::make_unique<MailboxReceiver>(mailbox_->queue(peer, rank_, lane));
  return receiver.get();
}

Endpoint::Memory MailboxEndpoint::memory() const {
  Memory memory;
  for (int peer = 0; peer < mailbox_->ranks; ++peer) {
    if (peer == rank_) continue;
    for (int lane = 0; lane < lanes(); ++lane) {
      memory.reserved += mailbox_->queue(rank_, peer, lane).reserved_bytes();
      memory.touched += mailbox_->queue(rank_, peer, lane).touched_bytes();
    }
  }
  return memory;
}

}  // namespace

std::vector<std::unique_ptr<Endpoint>> make_mailbox_group(int ranks, const MailboxShape& shape) {
  auto mailbox = std::make_shared<Mailbox>(ranks, shape);
  std::vector<std::unique_ptr<Endpoint>> endpoints;
  for (int rank = 0; rank < ranks; ++rank)
    endpoints.push_back(std::make_unique<MailboxEndpoint>(mailbox, rank));
  return endpoints;
}

}  // namespace bccl::test
