#include "plan/layout.h"

#include <algorithm>

namespace bccl {
namespace {

enum class Side { source, target };

/// `count` blocks: `first`, `first` + `step` …
struct Blocks {
  int first = 0;
  int count = 0;
  int step = 1;
};

/// A block for each rank: all of them, the own one, or none.
Blocks every(const LayoutOf& what) { return {0, what.ranks}; }
Blocks own(Rank rank) { return {rank, 1}; }

Blocks blocks_held(const LayoutOf& what, Rank rank, Side side) {
  const bool at_source = side == Side::source;
  const bool at_root = rank == what.root;
  switch (what.collective) {
    case Collective::all_reduce:
    case Collective::barrier: return {0, 1};
    case Collective::broadcast: return {0, at_source && !at_root ? 0 : 1};
    case Collective::reduce: return {0, at_source || at_root ? 1 : 0};
    case Collective::all_gather: return at_source ? own(rank) : every(what);
    case Collective::reduce_scatter: return at_source ? every(what) : own(rank);
    case Collective::gather: return at_source ? own(rank) : at_root ? every(what) : Blocks{};
    case Collective::scatter: return !at_source ? own(rank) : at_root ? every(what) : Blocks{};
    case Collective::all_to_all: return at_source ? Blocks{rank * what.ranks, what.ranks} : Blocks{rank, what.ranks, what.ranks};
  }
  return {};
}

std::vector<int> labels_of(const Blocks& blocks, int parts) {
  std::vector<int> labels;
  labels.reserve(static_cast<size_t>(blocks.count * parts));
  for (int k = 0; k < blocks.count; ++k)
    for (int part = 0; part < parts; ++part) labels.push_back((blocks.first + k * blocks.step) * parts + part);
  return labels;
}

}  // namespace

int blocks_of(Collective collective, int ranks) {
  switch (collective) {
    case Collective::all_gather:
    case Collective::reduce_scatter:
    case Collective::gather:
    case Collective::scatter: return ranks;
    case Collective::all_to_all: return ranks * ranks;
    default: return 1;
  }
}

Layout layout_of(const LayoutOf& what, Rank rank) {
  return {labels_of(blocks_held(what, rank, Side::source), what.parts),
          labels_of(blocks_held(what, rank, Side::target), what.parts)};
}

std::vector<int> shared_with_source(const Plan& plan) {
  const std::vector<int>& source = plan.labels_of(Buffer::source);
  std::vector<int> shared;
  shared.reserve(plan.labels_of(Buffer::target).size());
  for (const int label : plan.labels_of(Buffer::target)) {
    const auto found = std::lower_bound(source.begin(), source.end(), label);
    const bool held = may_be_in_place(plan.collective) && found != source.end() && *found == label;
    shared.push_back(held ? static_cast<int>(found - source.begin()) : -1);
  }
  return shared;
}

}  // namespace bccl
