#include "clique.h"

#include <cstdlib>

#include <catch2/catch.hpp>

namespace bccl::test {
namespace {

/// Before the first call of the program reads them. Errors are what these tests are about: they need no log.
[[maybe_unused]] const bool settings_made = [] {
  setenv("BCCL_DEBUG", "NONE", 0);
  setenv("BCCL_TIMEOUT", "30s", 1);
  setenv("BCCL_BOOTSTRAP_TIMEOUT", "3s", 1);
  return true;
}();

}  // namespace

Clique::Clique(int ranks) : comms_(static_cast<size_t>(ranks)) {
  const bcclResult_t made = bcclCommInitAll(comms_.data(), ranks, nullptr);
  INFO(last_error());
  REQUIRE(made == bcclSuccess);
}

Clique::~Clique() {
  for (const bcclComm_t comm : comms_)
    if (comm != nullptr) bcclCommDestroy(comm);
}

std::string Clique::trouble_with_a_sum(size_t count) {
  std::vector<std::vector<float>> numbers(comms_.size(), std::vector<float>(count, 1.0F));
  bcclGroupStart();
  for (size_t rank = 0; rank < comms_.size(); ++rank)
    bcclAllReduce(numbers[rank].data(), numbers[rank].data(), count, bcclFloat, bcclSum, comms_[rank],
                  nullptr);
  if (bcclGroupEnd() != bcclSuccess) return last_error();
  return numbers == std::vector(comms_.size(), std::vector<float>(count, float(ranks()))) ? ""
                                                                                          : "a wrong sum";
}

std::string last_error(bcclComm_t comm) { return bcclGetLastError(comm); }

}  // namespace bccl::test
