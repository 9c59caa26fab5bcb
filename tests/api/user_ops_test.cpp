// Premultiplied sums: every type, both residences, and how long the operation and its scalar are needed.
#include <bit>
#include <cstring>

#include <catch2/catch.hpp>

#include "../comm/reduction_data.h"
#include "../kernels/oracle.h"
#include "clique.h"

namespace bccl::test {
namespace {

/// The scalar that the data was made for, as the caller holds it.
uint64_t scalar_bits(DataType type, const Reduction& reduction) {
  if (!is_floating(type)) return reduction.scale_bits;
  if (type == DataType::float64) return std::bit_cast<uint64_t>(reduction.scale);
  if (type == DataType::float32) return std::bit_cast<uint32_t>(static_cast<float>(reduction.scale));
  return oracle::encode(oracle::format_of(type), reduction.scale);
}

void check_type(DataType type, bcclScalarResidence_t residence, Clique& clique) {
  constexpr size_t count = 3001;
  const ReductionData data(type, ReduceOp::premul_sum, clique.ranks());
  const auto public_type = static_cast<bcclDataType_t>(type);
  std::vector<std::vector<std::byte>> buffers(size_t(clique.ranks()),
                                              std::vector<std::byte>(count * bytes_of(type)));
  std::vector<uint64_t> scalars(size_t(clique.ranks()));
  REQUIRE(bcclGroupStart() == bcclSuccess);
  for (int rank = 0; rank < clique.ranks(); ++rank) {
    std::byte* buffer = buffers[size_t(rank)].data();
    data.fill(rank, buffer, count);
    scalars[size_t(rank)] = scalar_bits(type, data.reduction(rank));
    bcclRedOp_t op = bcclSum;
    REQUIRE(bcclRedOpCreatePreMulSum(&op, &scalars[size_t(rank)], public_type, residence, clique[rank]) ==
            bcclSuccess);
    CHECK(int(op) >= bcclNumOps);
    REQUIRE(bcclAllReduce(buffer, buffer, count, public_type, op, clique[rank], nullptr) == bcclSuccess);
    REQUIRE(bcclRedOpDestroy(op, clique[rank]) == bcclSuccess);  // right after the call
  }
  REQUIRE(bcclGroupEnd() == bcclSuccess);
  for (const auto& buffer : buffers) CHECK(data.first_wrong(buffer.data(), count) == count);
}

TEST_CASE("Premultiplied sums of every type are exact, whichever way the scalar is given") {
  Clique clique(3);
  for (int type = 0; type < data_type_count; ++type)
    for (const bcclScalarResidence_t residence : {bcclScalarDevice, bcclScalarHostImmediate}) {
      INFO(name_of(DataType(type)) << ", residence " << residence);
      check_type(DataType(type), residence, clique);
    }
}

/// One rank alone: the result is scalar × 1.
float reduced_alone(bcclComm_t comm, bcclRedOp_t op) {
  float number = 1;
  REQUIRE(bcclAllReduce(&number, &number, 1, bcclFloat, op, comm, nullptr) == bcclSuccess);
  return number;
}

TEST_CASE("A host-immediate scalar is read at creation, a device scalar whenever the operation runs") {
  Clique clique(1);
  float scalar = 3;
  bcclRedOp_t immediate = bcclSum;
  bcclRedOp_t later = bcclSum;
  REQUIRE(bcclRedOpCreatePreMulSum(&immediate, &scalar, bcclFloat, bcclScalarHostImmediate, clique[0]) ==
          bcclSuccess);
  REQUIRE(bcclRedOpCreatePreMulSum(&later, &scalar, bcclFloat, bcclScalarDevice, clique[0]) == bcclSuccess);
  CHECK(immediate != later);
  scalar = 5;
  CHECK(reduced_alone(clique[0], immediate) == 3);
  CHECK(reduced_alone(clique[0], later) == 5);
  scalar = 7;
  CHECK(reduced_alone(clique[0], later) == 7);
}

TEST_CASE("A device scalar of a grouped call is read when the group runs") {
  Clique clique(2);
  float scalar = 3;
  float numbers[2] = {1, 1};
  REQUIRE(bcclGroupStart() == bcclSuccess);
  for (int rank = 0; rank < 2; ++rank) {
    bcclRedOp_t op = bcclSum;
    REQUIRE(bcclRedOpCreatePreMulSum(&op, &scalar, bcclFloat, bcclScalarDevice, clique[rank]) == bcclSuccess);
    REQUIRE(bcclAllReduce(&numbers[rank], &numbers[rank], 1, bcclFloat, op, clique[rank], nullptr) ==
            bcclSuccess);
    REQUIRE(bcclRedOpDestroy(op, clique[rank]) == bcclSuccess);
  }
  scalar = 10;
  REQUIRE(bcclGroupEnd() == bcclSuccess);
  CHECK(numbers[0] == 20);
  CHECK(numbers[1] == 20);
}

TEST_CASE("Operations are told apart however many there are, and numbers of destroyed ones are not reused") {
  Clique clique(1);
  std::vector<bcclRedOp_t> ops;
  std::vector<float> scalars;
  for (int i = 0; i < 100; ++i) scalars.push_back(float(i));
  for (float& scalar : scalars) {
    ops.emplace_back();
    REQUIRE(bcclRedOpCreatePreMulSum(&ops.back(), &scalar, bcclFloat, bcclScalarHostImmediate, clique[0]) ==
            bcclSuccess);
  }
  for (size_t i = 0; i < ops.size(); i += 2) REQUIRE(bcclRedOpDestroy(ops[i], clique[0]) == bcclSuccess);
  bcclRedOp_t late = bcclSum;
  REQUIRE(bcclRedOpCreatePreMulSum(&late, &scalars[50], bcclFloat, bcclScalarHostImmediate, clique[0]) ==
          bcclSuccess);
  CHECK(std::find(ops.begin(), ops.end(), late) == ops.end());
  for (size_t i = 1; i < ops.size(); i += 2) CHECK(reduced_alone(clique[0], ops[i]) == float(i));
}

TEST_CASE("One rank may scale and another may not only if the operation is the same: else it is a mismatch") {
  Clique clique(2);
  float scalar = 1;
  float numbers[2] = {1, 1};
  bcclRedOp_t op = bcclSum;
  REQUIRE(bcclRedOpCreatePreMulSum(&op, &scalar, bcclFloat, bcclScalarHostImmediate, clique[0]) ==
          bcclSuccess);
  REQUIRE(bcclGroupStart() == bcclSuccess);
  REQUIRE(bcclAllReduce(&numbers[0], &numbers[0], 1, bcclFloat, op, clique[0], nullptr) == bcclSuccess);
  REQUIRE(bcclAllReduce(&numbers[1], &numbers[1], 1, bcclFloat, bcclSum, clique[1], nullptr) == bcclSuccess);
  CHECK(bcclGroupEnd() == bcclInvalidUsage);
  CHECK_THAT(last_error(), Catch::Contains("premul_sum"));
}

}  // namespace
}  // namespace bccl::test
