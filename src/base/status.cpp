#include "base/status.h"

#include <cstring>

namespace bccl {

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
