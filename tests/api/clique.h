/// All ranks of a communicator in this program, as a user of the C API holds them.
#pragma once

#include <string>
#include <vector>

#include "bccl/bccl.h"

namespace bccl::test {

class Clique {
 public:
  explicit Clique(int ranks);
  ~Clique();  ///< Destroys those that are left.
  Clique(const Clique&) = delete;
  Clique& operator=(const Clique&) = delete;

  int ranks() const { return static_cast<int>(comms_.size()); }
  bcclComm_t operator[](int rank) const { return comms_[size_t(rank)]; }
  void forget(int rank) { comms_[size_t(rank)] = nullptr; }  ///< Destroyed or aborted by the test itself.

  /// Sums `count` ones on all ranks in one group; empty, or what went wrong.
  std::string trouble_with_a_sum(size_t count = 100);

 private:
  std::vector<bcclComm_t> comms_;
};

std::string last_error(bcclComm_t comm = nullptr);

}  // namespace bccl::test
