/// What each collective's buffers hold. The caller's data is made of *blocks*, the units that counts are given for:
///
///   all_reduce, broadcast, reduce, barrier   1: the whole buffer
///   all_gather, reduce_scatter               n: block b is what rank b gives, or gets
///   gather, scatter                          n: likewise, to and from the root
///   all_to_all                               n × n: block a × n + b goes from rank a to rank b
///
/// A plan may cut every block into equal parts; the label of part p of block b is b × parts + p. Pure functions.
#pragma once

#include <vector>

#include "plan/plan.h"

namespace bccl {

/// Results combine what several ranks give; else every label comes from one rank as it is.
constexpr bool combines(Collective collective) {
  return collective == Collective::all_reduce || collective == Collective::reduce_scatter ||
         collective == Collective::reduce || collective == Collective::barrier;
}
constexpr bool has_root(Collective collective) {
  return collective == Collective::broadcast || collective == Collective::reduce ||
         collective == Collective::gather || collective == Collective::scatter;
}
/// A barrier combines only to learn of everybody: nobody looks at the result, so contributions may come in more than once
/// and in any order.
constexpr bool may_repeat(Collective collective) { return collective == Collective::barrier; }
/// all_to_all may not be called in place: its source and target hold different labels at the same places.
constexpr bool may_be_in_place(Collective collective) { return collective != Collective::all_to_all; }

int blocks_of(Collective collective, int ranks);

/// The labels of one rank's source and target, in the order in which they lie there. What has no part in the
/// collective (the source of a broadcast off the root …) is empty.
struct Layout {
  std::vector<int> source;
  std::vector<int> target;

  bool operator==(const Layout&) const = default;
};

struct LayoutOf {
  Collective collective;
  int ranks = 1;
  Rank root = 0;
  int parts = 1;
};
Layout layout_of(const LayoutOf& what, Rank rank);

/// Where a call may be in place: for each chunk of the plan's target, the chunk of its source that is then the
/// same memory, or -1. The source's labels must rise, as those of layout_of() do.
std::vector<int> shared_with_source(const Plan& plan);

}  // namespace bccl
