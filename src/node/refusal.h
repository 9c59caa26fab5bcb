/// Some failures to join do not mean that something broke, but that a process cannot share memory with the
/// others of its presumed host: a security profile forbids it, or the host was another one all the same. Then
/// the process becomes a host of its own. Within joining, Code::invalid_usage marks these failures.
#pragma once

#include <cerrno>
#include <string>

#include "base/status.h"
#include "base/system_limit.h"

namespace bccl {

inline bool is_refusal(Code code) { return code == Code::invalid_usage; }

/// The failure of a system call that sharing needs.
inline Error fail_sharing(int error_number, const std::string& what) {
  Error error = fail_limit(error_number, what);
  const bool denied = error_number == EPERM || error_number == EACCES || error_number == EAFNOSUPPORT;
  if (denied || error_number == ECONNREFUSED) error.code = Code::invalid_usage;
  return error;
}

}  // namespace bccl
