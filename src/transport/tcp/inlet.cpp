#include "transport/tcp/inlet.h"

#include <algorithm>
#include <array>

namespace bccl::tcp {
namespace {

constexpr size_t parts_at_once = 4;

}  // namespace

Transfer Inlet::read(Pipe& pipe) {
  Transfer last;
  while (count_ > 0) {
    std::array<iovec, parts_at_once> pieces;
    const size_t used = std::min(count_, parts_at_once);
    size_t wanted = 0;
    for (size_t i = 0; i < used; ++i) {
      pieces[i] = {at(i).data, at(i).left};
      wanted += at(i).left;
    }
    last = pipe.receive({pieces.data(), used});
    advance(last.bytes);
    if (last.gone || last.bytes < wanted) break;
  }
  return last;
}

void Inlet::advance(size_t bytes) {
  while (bytes > 0) {
    Part& part = at(0);
    const size_t some = std::min(bytes, part.left);
    part.data += some;
    part.left -= some;
    bytes -= some;
    if (part.left > 0) return;
    --part.slice->parts_left;
    first_ = (first_ + 1) % parts_.size();
    --count_;
  }
}

}  // namespace bccl::tcp
