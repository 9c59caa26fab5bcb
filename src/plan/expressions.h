/// Symbolic values: which contributions a chunk holds, and in which order and with which roundings they were
/// combined. A leaf is what one contributor gives to one label (a rank, or where each label comes from one rank
/// only, number 0); a node is one reducing step, its children in the order of combination. Equal expressions have equal numbers, so comparing two chunks compares two
/// integers.
///
/// One thread at a time. Memory is linear in the number of distinct expressions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace bccl {

using ExpressionId = uint32_t;
inline constexpr ExpressionId unwritten = UINT32_MAX;  ///< What memory holds before anything was written.

class Expressions {
 public:
  /// contributors × labels must be below 2³¹ (wired_things_max). may_repeat: what is full may hold contributions more than
  /// once; memory is then linear in expressions × contributors.
  Expressions(int contributors, int labels, bool may_repeat = false);

  ExpressionId leaf(int contributor, int label) const {
    return static_cast<ExpressionId>(label) * contributors_ + static_cast<ExpressionId>(contributor);
  }

  /// The reduction of two or more values of one label, rounded once.
  ExpressionId combine(std::span<const ExpressionId> inputs);

  /// Every contribution exactly once, judged by sums of random numbers: wrong with probability 2⁻⁶⁴. Or at least once,
  /// if they may repeat, which is counted.
  bool probably_full(ExpressionId id) const;

  /// The same, always by counting; takes time linear in the contributors.
  bool full(ExpressionId id) const;

  /// What keeps an expression from being full: "lacks the contribution of rank 0", or "holds … 2 times".
  std::string fault(ExpressionId id) const;

  /// "((0+1)+2)", cut short if long.
  std::string text(ExpressionId id) const;

 private:
  struct Node {
    uint32_t first_child = 0;
    uint32_t children = 0;
    uint64_t leaves = 0;  ///< With repetitions; saturates.
    uint64_t sum = 0;     ///< Of the leaves' random numbers, modulo 2⁶⁴.
  };

  bool is_leaf(ExpressionId id) const { return id < leaves_; }
  const Node& node(ExpressionId id) const { return nodes_[id - leaves_]; }
  std::span<const ExpressionId> children(ExpressionId id) const {
    return {children_.data() + node(id).first_child, node(id).children};
  }
  size_t contributor_of(ExpressionId leaf) const { return leaf % contributors_; }
  uint64_t count(ExpressionId id) const { return is_leaf(id) ? 1 : node(id).leaves; }
  uint64_t sum(ExpressionId id) const { return is_leaf(id) ? tokens_[contributor_of(id)] : node(id).sum; }
  size_t find_slot(std::span<const ExpressionId> inputs) const;
  void grow();
  bool holds_all(ExpressionId id) const;
  void note_holders(std::span<const ExpressionId> inputs);
  void write(ExpressionId id, std::string& out) const;

  uint32_t contributors_;
  uint32_t leaves_;
  std::vector<uint64_t> tokens_;  ///< A random number for each contributor.
  uint64_t full_sum_ = 0;
  bool may_repeat_;
  std::vector<std::vector<bool>> holders_;  ///< If contributions may repeat: by node, whose it holds.
  std::vector<Node> nodes_;
  std::vector<ExpressionId> children_;
  std::vector<ExpressionId> slots_;  ///< Open addressing over nodes_; `unwritten` marks a free slot.
};

}  // namespace bccl
