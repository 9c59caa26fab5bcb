/// Errors are values. A Status is OK (a null pointer, free to return) or an Error: a code, which is one of
/// the public result codes, and a sentence that names the rank, the peer, the fact and the remedy.
/// Whoever decides that something is an error writes the sentence; callers pass it on with BCCL_TRY.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace bccl {

/// One to one with bcclResult_t; src/api asserts it.
enum class Code {
  success = 0,
  device_error = 1,
  system_error = 2,
  internal_error = 3,
  invalid_argument = 4,
  invalid_usage = 5,
  remote_error = 6,
  in_progress = 7,
  timeout = 8,
};

/// The error that a number from another process stands for; remote_error if it stands for none.
Code error_code_from(uint32_t number);

struct Error {
  Code code = Code::internal_error;
  std::string sentence;
};

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::make_unique<Error>(std::move(error))) {}

  bool ok() const { return error_ == nullptr; }
  explicit operator bool() const { return ok(); }
  Code code() const { return ok() ? Code::success : error_->code; }
  const std::string& sentence() const;  ///< Empty when OK.

  Error take_error() && { return std::move(*error_); }
  void value() && {}

  static const std::string& none();  ///< What an OK says: nothing.

 private:
  std::unique_ptr<Error> error_;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Error error) : error_(std::make_unique<Error>(std::move(error))) {}
  Result(Status status) : Result(std::move(status).take_error()) {}  ///< `status` must not be OK.

  Result(Result&&) noexcept = default;
  Result& operator=(Result&&) noexcept = default;
  Result(const Result& other)
      : value_(other.value_), error_(other.error_ ? std::make_unique<Error>(*other.error_) : nullptr) {}
  Result& operator=(const Result& other) { return *this = Result(other); }

  bool ok() const { return value_.has_value(); }
  explicit operator bool() const { return ok(); }
  Code code() const { return ok() ? Code::success : error_->code; }
  const std::string& sentence() const { return ok() ? Status::none() : error_->sentence; }  ///< Empty when OK.

  Error take_error() && { return std::move(*error_); }
  T& value() & { return *value_; }
  const T& value() const& { return *value_; }
  T&& value() && { return std::move(*value_); }
  T* operator->() { return &*value_; }
  T& operator*() { return *value_; }

 private:
  std::optional<T> value_;
  std::unique_ptr<Error> error_;  ///< Set if and only if there is no value: a good result costs no string.
};

/// `fail(Code::timeout, "rank {} …", rank)` makes the Error of a Status or Result.
template <class... Args>
Error fail(Code code, fmt::format_string<Args...> format, Args&&... args) {
  return Error{code, fmt::format(format, std::forward<Args>(args)...)};
}

/// The same for a failed system call: appends what errno says.
Error fail_errno(int error_number, std::string what);

/// Leaves the function with the error, or yields the value (nothing for a Status).
#define BCCL_TRY(expression)                                          \
  __extension__({                                                     \
    auto&& bccl_try_ = (expression);                                  \
    if (!bccl_try_.ok()) return std::move(bccl_try_).take_error();    \
    std::move(bccl_try_).value();                                     \
  })

}  // namespace bccl
