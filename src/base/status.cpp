#include "base/status.h"

#include <cstring>

namespace bccl {

Code error_code_from(uint32_t number) {
  const bool known =
      number > static_cast<uint32_t>(Code::success) && number <= static_cast<uint32_t>(Code::timeout);
  return known ? static_cast<Code>(number) : Code::remote_error;
}

const std::string& Status::none() {
  static const std::string nothing;
  return nothing;
}

const std::string& Status::sentence() const { return ok() ? none() : error_->sentence; }

Error fail_errno(int error_number, std::string what) {
  char text[128];
  return Error{Code::system_error,
               fmt::format("{}: {} (errno {})", what, strerror_r(error_number, text, sizeof text), error_number)};
}

}  // namespace bccl
