/// What waits to leave by one socket: a queue of segments, each a header or none and bytes in memory that somebody
/// lent. As many segments as the system call takes go out at once. Of one Link; nothing here blocks or allocates once
/// made.
#pragma once

#include <cstddef>
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

  void add_header(const HeaderBytes& header) { add(&header, nullptr, 0, nullptr); }
  void add_part(const HeaderBytes* header, const std::byte* data, size_t bytes, Departure* departure) {
    add(header, data, bytes, departure);
  }

  /// Sends until the queue is empty or the socket is full. The error is errno; 0 if all is well.
  int flush(Pipe& pipe);

  /// Gives back all loans; nothing of them will be sent.
  void drop();

 private:
  struct Segment {
    HeaderBytes header;
    size_t header_left;  ///< The last bytes of it.
    const std::byte* data;
    size_t data_left;
    Departure* departure;
  };

  Segment& at(size_t index) { return segments_[(first_ + index) % segments_.size()]; }
  void add(const HeaderBytes* header, const std::byte* data, size_t bytes, Departure* departure);
  void advance(size_t bytes);

  std::vector<Segment> segments_;  ///< A ring.
  size_t first_ = 0;
  size_t count_ = 0;
};

}  // namespace bccl::tcp
