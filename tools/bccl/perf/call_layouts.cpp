#include "tools/bccl/perf/call_layouts.h"

namespace bccl::tool {
namespace {

constexpr int all = Piece::of_all_ranks;

/// Block r is what rank r gave.
std::vector<Piece> a_block_of_each(const CallShape& shape) {
  std::vector<Piece> pieces;
  for (int rank = 0; rank < shape.ranks; ++rank)
    pieces.push_back({shape.block(rank), shape.block_count(rank), rank, 0});
  return pieces;
}

}  // namespace

DataLayout all_reduce_layout(const CallShape& shape) {
  return {.sent = shape.count, .extent = shape.count, .expected = {{0, shape.count, all, 0}}};
}

DataLayout all_gather_layout(const CallShape& shape) {
  return {.sent = shape.block_count(shape.rank),
          .send_at = shape.block(shape.rank),
          .extent = shape.blocks(),
          .expected = a_block_of_each(shape)};
}

DataLayout reduce_scatter_layout(const CallShape& shape) {
  const int me = shape.rank;
  const size_t own = shape.block(me), count = shape.block_count(me), behind = own + count;
  if (!shape.in_place) return {.sent = shape.blocks(), .extent = count, .expected = {{0, count, all, own}}};
  return {
      .sent = shape.blocks(),
      .receive_at = own,
      .extent = shape.blocks(),
      .expected = {{0, own, me, 0}, {own, count, all, own}, {behind, shape.blocks() - behind, me, behind}}};
}

/// The source of the other ranks is there out of place, and must not be looked at.
DataLayout broadcast_layout(const CallShape& shape) {
  return {.sent = shape.in_place && shape.rank != shape.root ? 0 : shape.count,
          .extent = shape.count,
          .expected = {{0, shape.count, shape.root, 0}}};
}

DataLayout reduce_layout(const CallShape& shape) {
  DataLayout layout{.sent = shape.count, .extent = shape.count};
  if (shape.rank == shape.root)
    layout.expected = {{0, shape.count, all, 0}};
  else if (shape.in_place)
    layout.expected = {{0, shape.count, shape.rank, 0}};
  return layout;
}

DataLayout gather_layout(const CallShape& shape) {
  if (shape.rank == shape.root) return all_gather_layout(shape);
  const size_t count = shape.block_count(shape.rank);
  DataLayout layout{.sent = count, .extent = count};
  if (shape.in_place) layout.expected = {{0, count, shape.rank, 0}};
  return layout;
}

DataLayout scatter_layout(const CallShape& shape) {
  const size_t own = shape.block(shape.rank), count = shape.block_count(shape.rank);
  if (!shape.in_place)
    return {.sent = shape.blocks(), .extent = count, .expected = {{0, count, shape.root, own}}};
  if (shape.rank != shape.root) return {.extent = count, .expected = {{0, count, shape.root, own}}};
  return {.sent = shape.blocks(),
          .receive_at = own,
          .extent = shape.blocks(),
          .expected = {{0, shape.blocks(), shape.root, 0}}};
}

DataLayout all_to_all_layout(const CallShape& shape) {
  const size_t count = shape.block_count(shape.rank);
  DataLayout layout{.sent = shape.blocks(), .extent = count * static_cast<size_t>(shape.ranks)};
  for (int from = 0; from < shape.ranks; ++from)
    layout.expected.push_back({count * static_cast<size_t>(from), count, from, shape.block(shape.rank)});
  return layout;
}

DataLayout all_to_all_v_layout(const CallShape& shape) {
  const Traffic& traffic = *shape.traffic;
  DataLayout layout{.sent = shape.blocks(), .extent = traffic.received_by(shape.rank)};
  size_t at = 0;
  for (int from = 0; from < shape.ranks; ++from) {
    const size_t count = traffic.receives_of(shape.rank)[from];
    layout.expected.push_back({at, count, from, traffic.begin_of(from, shape.rank)});
    at += count;
  }
  return layout;
}

DataLayout sendrecv_layout(const CallShape& shape) {
  return {.sent = shape.count, .extent = shape.count, .expected = {{0, shape.count, previous_of(shape), 0}}};
}

DataLayout ping_pong_layout(const CallShape& shape) {
  const int partner = partner_of(shape);
  if (partner < 0) return {};
  return {.sent = shape.count, .extent = shape.count, .expected = {{0, shape.count, partner, 0}}};
}

int next_of(const CallShape& shape) { return (shape.rank + 1) % shape.ranks; }
int previous_of(const CallShape& shape) { return (shape.rank + shape.ranks - 1) % shape.ranks; }

int partner_of(const CallShape& shape) {
  const int partner = shape.rank ^ 1;
  return partner < shape.ranks ? partner : -1;
}

}  // namespace bccl::tool
