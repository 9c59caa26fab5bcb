#include "base/status.h"

#include <cerrno>
#include <string>

#include <catch2/catch.hpp>

using namespace bccl;

namespace {

Status forbid(bool yes) {
  if (yes) return fail(Code::invalid_usage, "rank {} may not", 3);
  return {};
}

Result<int> half(int number) {
  if (number % 2 != 0) return fail(Code::invalid_argument, "{} is odd", number);
  return number / 2;
}

Result<std::string> quarter(int number) {
  BCCL_TRY(forbid(number > 100));
  const int first = BCCL_TRY(half(number));
  return std::to_string(BCCL_TRY(half(first)));
}

}  // namespace

TEST_CASE("a status is fine unless told otherwise") {
  const Status status;
  CHECK(status.ok());
  CHECK(status.code() == Code::success);
  CHECK(status.sentence().empty());
}

TEST_CASE("a failed status keeps its code and sentence") {
  const Status status = forbid(true);
  CHECK_FALSE(status.ok());
  CHECK(status.code() == Code::invalid_usage);
  CHECK(status.sentence() == "rank 3 may not");
}

TEST_CASE("BCCL_TRY yields the value") { CHECK(quarter(12).value() == "3"); }

TEST_CASE("BCCL_TRY leaves the function with the error of a result") {
  const auto result = quarter(6);
  CHECK_FALSE(result.ok());
  CHECK(result.code() == Code::invalid_argument);
  CHECK(result.sentence() == "3 is odd");
}

TEST_CASE("BCCL_TRY leaves the function with the error of a status") {
  CHECK(quarter(104).code() == Code::invalid_usage);
}

TEST_CASE("the error of a system call says what errno means") {
  const Error error = fail_errno(ECONNREFUSED, "cannot connect");
  CHECK(error.code == Code::system_error);
  CHECK(error.sentence == "cannot connect: Connection refused (errno 111)");
}

TEST_CASE("a number from outside stands for an error, known or not") {
  CHECK(error_code_from(1) == Code::device_error);
  CHECK(error_code_from(8) == Code::timeout);
  for (const uint32_t number : {0U, 9U, 77U, 0xffff'ffffU}) CHECK(error_code_from(number) == Code::remote_error);
}
