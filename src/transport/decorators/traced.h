/// A transport that writes down what passes through it: who acquired, committed, referred to, peeked and
/// released which slice, and when. Fit to stay on in a slow test or a hunt for a hang: an event costs a clock reading and a
/// store.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "transport/transport.h"

namespace bccl {

/// The newest events of one endpoint, in a ring of fixed size. Used by the endpoint's thread, or once that is
/// done.
class Trace {
 public:
  enum class Event : uint8_t { acquire, commit, peek, release, refer };  ///< refer: sent by reference.
  enum class Direction : uint8_t { to, from };

  /// One near end: `rank` sends to, or receives from, `peers` on `lane`.
  struct End {
    int rank = 0;
    Direction direction = Direction::to;
    std::vector<int> peers;
    int lane = 0;
  };
  struct Record {
    int64_t time_ns = 0;
    size_t bytes = 0;
    uint32_t end = 0;  ///< Index into ends().
    Event event = Event::acquire;
  };

  explicit Trace(size_t records_max) : ring_(records_max) {}  ///< One record or more.

  uint32_t add_end(End end);
  void add(uint32_t end, Event event, size_t bytes) {
    ring_[recorded_++ % ring_.size()] = {now_ns(), bytes, end, event};
  }

  const std::vector<End>& ends() const { return ends_; }
  std::vector<Record> records() const;  ///< Oldest first.
  size_t dropped() const { return recorded_ > ring_.size() ? recorded_ - ring_.size() : 0; }

  /// A line for each record, with the time since the first: `    12.345 us  rank 0 to 1,2 lane 0: commit 64
  /// bytes`.
  std::string text() const;

 private:
  std::vector<Record> ring_;
  std::vector<End> ends_;
  size_t recorded_ = 0;
};

/// `rank` is the endpoint's own. An answer "not yet" and the same answer again leave no record.
std::unique_ptr<Endpoint> traced(std::unique_ptr<Endpoint> inner, int rank, std::shared_ptr<Trace> trace);

}  // namespace bccl
