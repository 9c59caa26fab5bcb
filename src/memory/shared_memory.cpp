#include "memory/shared_memory.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/system_limit.h"

namespace bccl {
namespace {

constexpr int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
#ifndef MFD_NOEXEC_SEAL
constexpr unsigned MFD_NOEXEC_SEAL = 0x0008U;  // Linux 6.3; some systems refuse memory that could be executed
#endif

/// Going past RLIMIT_FSIZE would not only fail but kill the process by a signal, so the limit is looked at
/// first.
Status check_file_size(const char* what, size_t bytes) {
  rlimit limit{};
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || bytes <= limit.rlim_cur)
    return {};
  return fail_limit(EFBIG, fmt::format("cannot make {} of {} bytes", what, bytes));
}

}  // namespace

Result<FileDescriptor> make_shared_memory(const char* name, const char* what, size_t bytes) {
  BCCL_TRY(check_file_size(what, bytes));
  const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  FileDescriptor memory{memfd_create(name, flags | MFD_NOEXEC_SEAL)};
  if (!memory.valid() && errno == EINVAL) memory = FileDescriptor{memfd_create(name, flags)};
  if (!memory.valid()) return fail_limit(errno, fmt::format("cannot create {} (memfd_create)", what));
  if (ftruncate(memory.get(), static_cast<off_t>(bytes)) != 0)
    return fail_limit(errno, fmt::format("cannot make {} of {} bytes", what, bytes));
  if (fcntl(memory.get(), F_ADD_SEALS, seals) != 0) return fail_errno(errno, fmt::format("cannot seal {}", what));
  return memory;
}

bool is_sealed_memory(int descriptor, size_t bytes) {
  struct stat facts {};
  if (fstat(descriptor, &facts) != 0 || static_cast<size_t>(facts.st_size) < bytes) return false;
  const int present = fcntl(descriptor, F_GET_SEALS);
  return present >= 0 && (present & F_SEAL_SHRINK) != 0;
}

}  // namespace bccl
