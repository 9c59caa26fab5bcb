/// Golden files: output that a person has looked at once and that must not change unseen.
#pragma once

#include <string>
#include <string_view>

namespace bccl::test {

/// The file's text. With BCCL_GOLDEN_WRITE in the environment it is first replaced by `now`, to be looked at
/// as a diff.
std::string golden(std::string_view name, std::string_view now);

}  // namespace bccl::test
