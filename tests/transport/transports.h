/// The transports that the conformance suite runs on. A new transport is tested by a line in
/// built_in_transports().
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "transport/transport.h"

namespace bccl::test {

using Endpoints = std::vector<std::unique_ptr<Endpoint>>;

struct TransportUnderTest {
  std::string name;
  std::function<Endpoints(int ranks)> make_group;  ///< Endpoint r is rank r's; may be used by a thread each.
  bool bare = true;                                ///< Not in a decorator.
};

/// Every transport, bare.
std::vector<TransportUnderTest> built_in_transports();

/// Every transport, bare and in each decorator.
std::vector<TransportUnderTest> transports_under_test();

}  // namespace bccl::test
