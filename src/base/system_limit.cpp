#include "base/system_limit.h"

#include <cerrno>

#include <sys/resource.h>

namespace bccl {
namespace {

std::string limit_of(__rlimit_resource resource) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0) return "unknown";
  return limit.rlim_cur == RLIM_INFINITY ? "unlimited" : std::to_string(limit.rlim_cur);
}

std::string remedy_for(int error_number) {
  switch (error_number) {
    case EMFILE:
      return fmt::format("the process may hold {} descriptors: raise that with `ulimit -n`",
                         limit_of(RLIMIT_NOFILE));
    case ENFILE:
      return "the system has no descriptors left: raise the kernel's fs.file-max (sysctl)";
    case ETOOMANYREFS:
      return fmt::format(
          "too many descriptors of this user are in flight (limit {}): raise it with `ulimit -n`",
          limit_of(RLIMIT_NOFILE));
    case EFBIG:
      return fmt::format("the process may make files of {} bytes: raise that with `ulimit -f`",
                         limit_of(RLIMIT_FSIZE));
    case ENOMEM:
      return fmt::format(
          "the process may map {} bytes of address space: raise that with `ulimit -v` or the "
          "container's memory limit, or lower BCCL_SHM_POOL_BYTES",
          limit_of(RLIMIT_AS));
    case ENOLCK:
      return fmt::format("no file locks left (limit {}): raise it with `ulimit -x`", limit_of(RLIMIT_LOCKS));
    case ENETUNREACH:
      return "no interface leads there: for an address of this host, bring up the loopback with `ip link set "
             "lo up`";
    case EPERM:
    case EACCES:
    case ENOSYS:
      return "a security profile (seccomp, SELinux …) forbids it: allow this call to the process";
    default:
      return {};
  }
}

}  // namespace

Error fail_limit(int error_number, const std::string& what) {
  Error error = fail_errno(error_number, what);
  const std::string remedy = remedy_for(error_number);
  if (!remedy.empty()) error.sentence += "; " + remedy;
  return error;
}

}  // namespace bccl
