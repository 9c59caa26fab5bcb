/// The element types and reductions that bccl knows, with the numbers of the public API (and of NCCL).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bccl {

enum class DataType : uint8_t {
  int8, uint8, int32, uint32, int64, uint64, float16, float32, float64, bfloat16, float8_e4m3, float8_e5m2,
};
inline constexpr int data_type_count = 12;

/// What the caller asked for. avg: the mean over ranks; premul_sum: sum of scalar × input.
enum class ReduceOp : uint8_t { sum, prod, max, min, avg, premul_sum };
inline constexpr int reduce_op_count = 6;

constexpr size_t bytes_of(DataType type) {
  constexpr size_t sizes[data_type_count] = {1, 1, 4, 4, 8, 8, 2, 4, 8, 2, 1, 1};
  return sizes[static_cast<int>(type)];
}
constexpr bool is_floating(DataType type) { return type >= DataType::float16; }

constexpr std::string_view name_of(DataType type) {
  constexpr std::string_view names[data_type_count] = {"int8",    "uint8",   "int32",    "uint32",
                                                       "int64",   "uint64",  "float16",  "float32",
                                                       "float64", "bfloat16", "float8_e4m3", "float8_e5m2"};
  return names[static_cast<int>(type)];
}
constexpr std::string_view name_of(ReduceOp op) {
  constexpr std::string_view names[reduce_op_count] = {"sum", "prod", "max", "min", "avg", "premul_sum"};
  return names[static_cast<int>(op)];
}

/// Accepts the names above and nccl-tests' short forms (half, float, double, bfloat16, fp8_e4m3, f8e4m3 …; mulsum).
std::optional<DataType> data_type_from(std::string_view name);
std::optional<ReduceOp> reduce_op_from(std::string_view name);

}  // namespace bccl
