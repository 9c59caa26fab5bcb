/// All ranks of one operation, driven round robin by the calling thread over mailboxes: what the tests of
/// Operation are written in. Elements are int32, summed where results are combined (collective_case.h).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "../support/collective_case.h"
#include "../transport/mailbox.h"
#include "algos/catalogue.h"
#include "exec/operation.h"

namespace bccl::test {

struct EnsembleShape {
  std::string_view algorithm = "ring";
  int ranks = 3;
  int channels = 1;
  int lanes = 1;
  int slices_max = slices_promised;  ///< Of each connection.
  size_t slice_bytes = 64;
  std::vector<uint32_t> weights = {};  ///< Repeated over the labels; empty: uniform.
  bool in_place = false;
  Collective collective = Collective::all_reduce;
  int root = 0;
  std::vector<int> groups = {};  ///< By rank, of one level; empty: none.
  bool variable = false;         ///< Blocks of three sizes, nothing among them.
};

using Decorate = std::function<std::unique_ptr<Endpoint>(std::unique_ptr<Endpoint>, int rank)>;

class Ensemble {
 public:
  explicit Ensemble(const EnsembleShape& shape, const Decorate& decorate = {});

  int ranks() const { return shape_.ranks; }
  std::string name() const;
  Operation& operation(int rank) { return *operations_[size_t(rank)]; }
  Endpoint& endpoint(int rank) { return *endpoints_[size_t(rank)]; }
  Recipe recipe(int rank, size_t elements) const;  ///< Of a call with so many elements in every block.

  /// Gives the rank its data of call number `call` and starts it.
  void start(int rank, const Recipe& recipe, size_t elements, uint32_t call);

  /// Every rank makes `calls` calls one after another, in an order drawn from `seed`; ranks run ahead of each
  /// other as far as they can. Empty, or what went wrong: a wrong element, a mismatch, or no progress for
  /// long.
  std::string run(size_t elements, int calls, uint64_t seed);

  /// What is wrong with the rank's result; empty if nothing.
  std::string fault(int rank, size_t elements, uint32_t call) const;

 private:
  CollectiveCase case_of(size_t elements) const;
  std::string describe_stall() const;

  EnsembleShape shape_;
  std::vector<std::unique_ptr<Endpoint>> endpoints_;
  std::vector<std::unique_ptr<BoundPlan>> plans_;
  std::vector<std::unique_ptr<Operation>> operations_;
  std::vector<Recipe> recipes_;  ///< Of run(); operations refer to them.
  std::vector<CaseBuffers> buffers_;
};

}  // namespace bccl::test
