#include "base/datatype.h"

#include <catch2/catch.hpp>

using namespace bccl;

TEST_CASE("every element type is found by its own name") {
  for (int i = 0; i < data_type_count; ++i) {
    const auto type = static_cast<DataType>(i);
    CAPTURE(name_of(type));
    CHECK(data_type_from(name_of(type)) == type);
  }
}

TEST_CASE("every reduction is found by its own name") {
  for (int i = 0; i < reduce_op_count; ++i) {
    const auto op = static_cast<ReduceOp>(i);
    CAPTURE(name_of(op));
    CHECK(reduce_op_from(name_of(op)) == op);
  }
}

TEST_CASE("the short names of nccl-tests mean the same element types") {
  CHECK(data_type_from("half") == DataType::float16);
  CHECK(data_type_from("float") == DataType::float32);
  CHECK(data_type_from("double") == DataType::float64);
  CHECK(data_type_from("f8e4m3") == DataType::float8_e4m3);
  CHECK(data_type_from("fp8_e5m2") == DataType::float8_e5m2);
  CHECK(reduce_op_from("mulsum") == ReduceOp::premul_sum);
}

TEST_CASE("an unknown name is no element type and no reduction") {
  for (const char* name : {"", "float33", "Float32", "sum "}) {
    CAPTURE(name);
    CHECK_FALSE(data_type_from(name));
    CHECK_FALSE(reduce_op_from(name));
  }
}

TEST_CASE("an element has as many bytes as its name says bits") {
  CHECK(bytes_of(DataType::int8) == 1);
  CHECK(bytes_of(DataType::uint64) == 8);
  CHECK(bytes_of(DataType::bfloat16) == 2);
  CHECK(bytes_of(DataType::float8_e5m2) == 1);
  CHECK(bytes_of(DataType::float32) == 4);
}
