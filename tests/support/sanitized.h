/// Whether a sanitizer slows this test down: it may then do less of the same, never something else.
#pragma once

namespace bccl::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

/// The thread sanitizer lets no thread start in a process that a program of several threads has forked.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool threads_after_fork = false;
#else
inline constexpr bool threads_after_fork = true;
#endif

}  // namespace bccl::test
