#include "transport/tcp/frame_reader.h"

#include <algorithm>
#include <cstring>

namespace bccl::tcp {
namespace {

constexpr size_t large_bytes = 32 << 10;

}  // namespace

Result<FrameReader::Outcome> FrameReader::read(Pipe& pipe) {
  const bool in_payload = rest_.bytes > 0;
  // Large slices come in rows: what is read ahead of the next one would have to be copied.
  const size_t ahead = in_payload && payload_bytes_ >= large_bytes ? header_bytes : ahead_.size() - end_;
  const iovec pieces[2] = {{rest_.data, rest_.bytes}, {ahead_.data() + end_, ahead}};
  const size_t wanted = rest_.bytes + pieces[1].iov_len;
  const Transfer transfer =
      in_payload ? pipe.receive({pieces, 2}) : pipe.receive({pieces + 1, 1});
  const size_t of_payload = std::min(transfer.bytes, rest_.bytes);
  if (in_payload) deliver(of_payload);
  end_ += transfer.bytes - of_payload;
  BCCL_TRY(parse());
  return Outcome{transfer, transfer.bytes < wanted};
}

void FrameReader::deliver(size_t bytes) {
  rest_.data += bytes;
  rest_.bytes -= bytes;
  if (rest_.bytes == 0) sink_.payload_complete();
}

Status FrameReader::parse() {
  while (end_ - begin_ >= header_bytes) {
    rest_ = BCCL_TRY(sink_.take(Header::unpack(ahead_.data() + begin_)));
    begin_ += header_bytes;
    payload_bytes_ = rest_.bytes;
    if (rest_.bytes == 0) continue;
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
