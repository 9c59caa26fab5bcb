#include "transport/tcp/outlet.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace bccl::tcp {
namespace {

constexpr size_t segments_at_once = 8;

iovec piece(const std::byte* data, size_t bytes) { return {const_cast<std::byte*>(data), bytes}; }

}  // namespace

void Outlet::add(const HeaderBytes* header, size_t padding, const std::byte* data, size_t bytes, Departure* departure) {
  Segment& segment = at(count_++);
  if (header != nullptr) std::memcpy(segment.head.data(), header->data(), header_bytes);
  segment.head_bytes = segment.head_left = header != nullptr ? header_bytes + padding : 0;
  segment.data = data;
  segment.data_left = bytes;
  segment.departure = departure;
  stream_bytes_ += segment.head_left + bytes;
}

int Outlet::flush(Pipe& pipe) {
  while (count_ > 0) {
    std::array<iovec, 2 * segments_at_once> pieces;
    size_t used = 0;
    size_t offered = 0;
    for (size_t i = 0; i < std::min(count_, segments_at_once); ++i) {
      const Segment& segment = at(i);
      if (segment.head_left > 0)
        pieces[used++] = piece(segment.head.data() + (segment.head_bytes - segment.head_left), segment.head_left);
      if (segment.data_left > 0) pieces[used++] = piece(segment.data, segment.data_left);
      offered += segment.head_left + segment.data_left;
    }
    const Transfer transfer = pipe.send({pieces.data(), used});
    advance(transfer.bytes);
    if (transfer.gone) return transfer.error;
    if (transfer.bytes < std::min(offered, pipe.bite_bytes())) break;
  }
  return 0;
}

void Outlet::advance(size_t bytes) {
  while (count_ > 0) {
    Segment& segment = at(0);
    const size_t of_head = std::min(bytes, segment.head_left);
    segment.head_left -= of_head;
    bytes -= of_head;
    const size_t of_data = std::min(bytes, segment.data_left);
    segment.data += of_data;
    segment.data_left -= of_data;
    bytes -= of_data;
    if (segment.head_left + segment.data_left > 0) return;
    Departure* const departure = segment.departure;
    first_ = (first_ + 1) % segments_.size();
    --count_;
    if (departure != nullptr) departure->part_left();
  }
}

void Outlet::drop() {
  while (count_ > 0) {
    Departure* const departure = at(0).departure;
    first_ = (first_ + 1) % segments_.size();
    --count_;
    if (departure != nullptr) departure->part_left();
  }
}

}  // namespace bccl::tcp
