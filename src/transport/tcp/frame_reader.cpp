#include "transport/tcp/frame_reader.h"

#include <algorithm>
#include <cstring>

namespace bccl::tcp {
namespace {

constexpr size_t large_ahead_bytes = line_bytes;  ///< A header and, as a rule, its padding.

}  // namespace

Result<FrameReader::Outcome> FrameReader::read(Pipe& pipe, bool large) {
  if (end_ >= header_bytes) {
    BCCL_TRY(parse());
    return Outcome{};
  }
  const bool in_payload = rest_.bytes > 0;
  // Large slices come in rows: what is read ahead of one would have to be copied.
  const size_t ahead = (large || payload_bytes_ >= large_bytes) ? large_ahead_bytes - end_ : ahead_.size() - end_;
  std::array<std::byte, padding_bytes_max> nowhere;
  const iovec pieces[3] = {{nowhere.data(), rest_.padding}, {rest_.data, rest_.bytes}, {ahead_.data() + end_, ahead}};
  const size_t first = rest_.padding > 0 ? 0 : in_payload ? 1 : 2;
  const size_t wanted = rest_.padding + rest_.bytes + ahead;
  const Transfer transfer = pipe.receive(std::span(pieces).subspan(first));
  const size_t of_padding = std::min(transfer.bytes, rest_.padding);
  rest_.padding -= of_padding;
  const size_t of_payload = std::min(transfer.bytes - of_padding, rest_.bytes);
  const bool enough = in_payload && deliver(of_payload);
  end_ += transfer.bytes - of_padding - of_payload;
  if (!enough || end_ > large_ahead_bytes) BCCL_TRY(parse());
  return Outcome{transfer, transfer.bytes < wanted};
}

/// True: the payload is complete, and nothing more asked for.
bool FrameReader::deliver(size_t bytes) {
  rest_.data += bytes;
  rest_.bytes -= bytes;
  return rest_.bytes == 0 && sink_.payload_complete();
}

Status FrameReader::parse() {
  while (end_ - begin_ >= header_bytes) {
    rest_ = BCCL_TRY(sink_.take(Header::unpack(ahead_.data() + begin_)));
    begin_ += header_bytes;
    if (rest_.bytes == 0) continue;
    payload_bytes_ = rest_.bytes;
    const size_t of_padding = std::min(rest_.padding, end_ - begin_);
    rest_.padding -= of_padding;
    begin_ += of_padding;
    const size_t here = std::min(rest_.bytes, end_ - begin_);
    std::memcpy(rest_.data, ahead_.data() + begin_, here);
    begin_ += here;
    deliver(here);
  }
  // What is left is less than a header, and nothing at all where a payload goes on.
  std::memmove(ahead_.data(), ahead_.data() + begin_, end_ - begin_);
  end_ -= std::exchange(begin_, size_t{0});
  return {};
}

}  // namespace bccl::tcp
