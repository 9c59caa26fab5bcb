#include "transport/decorators/traced.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/ranges.h>

#include "transport/decorators/decorator.h"

namespace bccl {

uint32_t Trace::add_end(End end) {
  ends_.push_back(std::move(end));
  return static_cast<uint32_t>(ends_.size() - 1);
}

std::vector<Trace::Record> Trace::records() const {
  std::vector<Record> ordered;
  ordered.reserve(std::min(recorded_, ring_.size()));
  for (size_t i = dropped(); i < recorded_; ++i) ordered.push_back(ring_[i % ring_.size()]);
  return ordered;
}

std::string Trace::text() const {
  constexpr std::string_view events[] = {"acquire", "commit", "peek", "release", "refer"};
  constexpr std::string_view directions[] = {"to", "from"};
  std::string text;
  if (dropped() > 0) text = fmt::format("({} older records dropped)\n", dropped());
  const std::vector<Record> ordered = records();
  for (const Record& record : ordered) {
    const End& end = ends_[record.end];
    fmt::format_to(std::back_inserter(text), "{:10.3f} us  rank {} {} {} lane {}: {} {} bytes\n",
                   static_cast<double>(record.time_ns - ordered.front().time_ns) / 1000, end.rank,
                   directions[static_cast<int>(end.direction)], fmt::join(end.peers, ","), end.lane,
                   events[static_cast<int>(record.event)], record.bytes);
  }
  return text;
}

namespace {

class TracedSender : public Sender, private ByReference {
 public:
  TracedSender(Sender& inner, Trace& trace, uint32_t end)
      : inner_(inner), inner_by_reference_(inner.by_reference()), trace_(trace), end_(end) {}

  std::byte* try_acquire(size_t bytes) override {
    std::byte* memory = inner_.try_acquire(bytes);
    if (memory != nullptr && !std::exchange(acquired_, true)) trace_.add(end_, Trace::Event::acquire, bytes);
    return memory;
  }

  // Recorded before it happens, so that in merged traces no slice is peeked earlier than it was committed.
  void commit(size_t bytes, uint32_t signature) override {
    trace_.add(end_, Trace::Event::commit, bytes);
    acquired_ = false;
    inner_.commit(bytes, signature);
  }

  ByReference* by_reference() override { return inner_by_reference_ != nullptr ? this : nullptr; }

 private:
  Room room_for(const std::byte* data, size_t bytes) override { return inner_by_reference_->room_for(data, bytes); }

  void send(const std::byte* data, size_t bytes, uint32_t signature) override {
    trace_.add(end_, Trace::Event::refer, bytes);
    inner_by_reference_->send(data, bytes, signature);
  }

  uint64_t sent() const override { return inner_by_reference_->sent(); }
  uint64_t released() override { return inner_by_reference_->released(); }

  Sender& inner_;
  ByReference* const inner_by_reference_;
  Trace& trace_;
  uint32_t end_;
  bool acquired_ = false;
};

class TracedReceiver : public Receiver, private Placement {
 public:
  TracedReceiver(Receiver& inner, Trace& trace, uint32_t end)
      : inner_(inner), inner_placement_(inner.placement()), trace_(trace), end_(end) {}

  Arrival try_peek() override { return show(inner_.try_peek()); }

  void release() override {
    trace_.add(end_, Trace::Event::release, bytes_);
    shown_ = false;
    inner_.release();
  }

  Placement* placement() override { return inner_placement_ != nullptr ? this : nullptr; }

 private:
  Arrival try_peek_into(std::byte* place, size_t bytes) override {
    return show(inner_placement_->try_peek_into(place, bytes));
  }

  Arrival show(const Arrival& arrival) {
    if (arrival.data == nullptr) return arrival;
    bytes_ = arrival.bytes;
    if (!std::exchange(shown_, true)) trace_.add(end_, Trace::Event::peek, bytes_);
    return arrival;
  }

  Receiver& inner_;
  Placement* const inner_placement_;
  Trace& trace_;
  uint32_t end_;
  size_t bytes_ = 0;
  bool shown_ = false;
};

class Traced : public Decorator {
 public:
  Traced(std::unique_ptr<Endpoint> inner, int rank, std::shared_ptr<Trace> trace)
      : Decorator(std::move(inner)), rank_(rank), trace_(std::move(trace)) {}

 private:
  std::unique_ptr<Sender> wrap_sender(Sender& inner, std::span<const int> peers, int lane) override {
    const uint32_t end = trace_->add_end({rank_, Trace::Direction::to, {peers.begin(), peers.end()}, lane});
    return std::make_unique<TracedSender>(inner, *trace_, end);
  }
  std::unique_ptr<Receiver> wrap_receiver(Receiver& inner, int peer, int lane) override {
    const uint32_t end = trace_->add_end({rank_, Trace::Direction::from, {peer}, lane});
    return std::make_unique<TracedReceiver>(inner, *trace_, end);
  }

  int rank_;
  std::shared_ptr<Trace> trace_;
};

}  // namespace

std::unique_ptr<Endpoint> traced(std::unique_ptr<Endpoint> inner, int rank, std::shared_ptr<Trace> trace) {
  return std::make_unique<Traced>(std::move(inner), rank, std::move(trace));
}

}  // namespace bccl
