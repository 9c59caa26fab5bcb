// Linked into test programs that need hosts: where there cannot be any, the program says why and ends as
// skipped.

#include <cstdio>
#include <cstdlib>

#define CATCH_CONFIG_EXTERNAL_INTERFACES  // listeners
#include <catch2/catch.hpp>

#include "hosts.h"

namespace bccl::test {
namespace {

constexpr int skipped = 77;  // CMake's SKIP_RETURN_CODE of all tests

struct NeedsHosts : Catch::TestEventListenerBase {
  using TestEventListenerBase::TestEventListenerBase;
  void testRunStarting(const Catch::TestRunInfo&) override {
    const std::string why = why_no_hosts();
    if (why.empty()) return;
    std::fprintf(stderr, "SKIPPED: %s\n", why.c_str());
    std::exit(skipped);
  }
};

CATCH_REGISTER_LISTENER(NeedsHosts)

}  // namespace
}  // namespace bccl::test
