/// A Partition cuts a number of elements into parts, one per label of a plan: uniformly, by explicit counts
/// (V-collectives), or by weights (slower chips take smaller shares). A value; pure functions only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bccl {

/// The half-open element range of one part.
struct Extent {
  size_t first = 0;
  size_t count = 0;
  bool operator==(const Extent&) const = default;
};

class Partition {
 public:
  /// Parts differ by at most one element; the first `elements % parts` are the larger ones.
  static Partition uniform(size_t elements, int parts);
  static Partition counts(const std::vector<size_t>& counts);
  /// Part i gets elements × weights[i] / Σ weights, rounded so that the parts sum to `elements` exactly
  /// (cumulative rounding down). A weight may be 0; not all of them.
  static Partition weights(size_t elements, const std::vector<uint32_t>& weights);

  int parts() const { return static_cast<int>(starts_.size()) - 1; }
  size_t elements() const { return starts_.back(); }
  Extent part(int label) const {
    const auto at = static_cast<size_t>(label);
    return {starts_[at], starts_[at + 1] - starts_[at]};
  }
  bool operator==(const Partition&) const = default;

 private:
  std::vector<size_t> starts_{0};  ///< First element of each part, then the total.
};

}  // namespace bccl
