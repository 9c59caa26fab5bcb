/// Lists of ranks, as the generators need them. Pure functions.
#pragma once

#include <algorithm>
#include <iterator>
#include <numeric>
#include <vector>

#include "plan/plan.h"

namespace bccl {

/// me + 1, me + 2, … and round to me - 1: every rank begins with another peer, so that none is everybody's
/// first.
inline std::vector<Rank> others_after(Rank me, int ranks) {
  std::vector<Rank> list(static_cast<size_t>(ranks - 1));
  std::iota(list.begin(), list.end(), me + 1);
  for (Rank& peer : list) peer %= ranks;
  return list;
}

/// Those of `peers` that come before and after `me`, each in the order of ranks: for sums that are the same
/// whoever makes them.
inline std::vector<Rank> below(Rank me, const std::vector<Rank>& peers) {
  std::vector<Rank> list;
  std::copy_if(peers.begin(), peers.end(), std::back_inserter(list), [=](Rank peer) { return peer < me; });
  std::sort(list.begin(), list.end());
  return list;
}

inline std::vector<Rank> above(Rank me, const std::vector<Rank>& peers) {
  std::vector<Rank> list;
  std::copy_if(peers.begin(), peers.end(), std::back_inserter(list), [=](Rank peer) { return peer > me; });
  std::sort(list.begin(), list.end());
  return list;
}

}  // namespace bccl
