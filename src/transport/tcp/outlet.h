/// What waits to leave by one socket: a queue of segments, each a header or none and bytes in memory that somebody
/// lent. As many segments as the system call takes go out at once. Of one Link; nothing here blocks or allocates once
/// made.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "transport/tcp/frame.h"
#include "transport/tcp/loan.h"
#include "transport/tcp/pipe.h"

namespace bccl::tcp {

/// A slice whose parts are on their way; shared by the segments that carry them.
struct Departure {
  Lender* lender = nullptr;
  uint32_t loan = 0;
  int parts_left = 0;
  std::vector<Departure*>* home = nullptr;  ///< Where it goes when it is over.

  void part_left() {
    if (--parts_left > 0) return;
    home->push_back(this);
    lender->give_back(loan);
  }
};

class Outlet {
 public:
  explicit Outlet(size_t segments_max) : segments_(segments_max) {}

  bool empty() const { return count_ == 0; }

  void add_header(const HeaderBytes& header) { add(&header, 0, nullptr, 0, nullptr); }
  /// `padding`: after the header.
  void add_part(const HeaderBytes* header, size_t padding, const std::byte* data, size_t bytes, Departure* departure) {
    add(header, padding, data, bytes, departure);
  }
  uint64_t stream_bytes() const { return stream_bytes_; }  ///< Of all that was added, or left by another way.

  /// So many of the first bytes that wait have left by another way.
  void skip(size_t bytes) { advance(bytes); }
  /// So many bytes have left without having been added.
  void pass(size_t bytes) { stream_bytes_ += bytes; }

  /// Sends until the queue is empty or the socket is full. The error is errno; 0 if all is well.
  int flush(Pipe& pipe);

  /// Gives back all loans; nothing of them will be sent.
  void drop();

 private:
  struct Segment {
    std::array<std::byte, header_bytes + padding_bytes_max> head;  ///< A header and its padding …
    size_t head_bytes;                                             ///< … so many bytes …
    size_t head_left;                                              ///< … of which the last ones are left.
    const std::byte* data;
    size_t data_left;
    Departure* departure;
  };

  Segment& at(size_t index) { return segments_[(first_ + index) % segments_.size()]; }
  void add(const HeaderBytes* header, size_t padding, const std::byte* data, size_t bytes, Departure* departure);
  void advance(size_t bytes);

  std::vector<Segment> segments_;  ///< A ring.
  size_t first_ = 0;
  size_t count_ = 0;
  uint64_t stream_bytes_ = 0;
};

}  // namespace bccl::tcp
