#include "base/datatype.h"

#include <utility>

namespace bccl {

std::optional<DataType> data_type_from(std::string_view name) {
  for (int i = 0; i < data_type_count; ++i)
    if (name_of(static_cast<DataType>(i)) == name) return static_cast<DataType>(i);
  static constexpr std::pair<std::string_view, DataType> short_forms[] = {
      {"char", DataType::int8},          {"int", DataType::int32},
      {"half", DataType::float16},       {"float", DataType::float32},
      {"double", DataType::float64},     {"bf16", DataType::bfloat16},
      {"f8e4m3", DataType::float8_e4m3}, {"f8e5m2", DataType::float8_e5m2},
      {"fp8_e4m3", DataType::float8_e4m3}, {"fp8_e5m2", DataType::float8_e5m2},
  };
  for (const auto& [text, type] : short_forms)
    if (text == name) return type;
  return std::nullopt;
}

std::optional<ReduceOp> reduce_op_from(std::string_view name) {
  for (int i = 0; i < reduce_op_count; ++i)
    if (name_of(static_cast<ReduceOp>(i)) == name) return static_cast<ReduceOp>(i);
  if (name == "mulsum") return ReduceOp::premul_sum;
  return std::nullopt;
}

}  // namespace bccl
