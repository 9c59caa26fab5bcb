/// Whether a sanitizer slows this test down: it may then do less of the same, never something else.
#pragma once

namespace bccl::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

}  // namespace bccl::test
