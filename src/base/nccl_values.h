/// What values of NCCL's variables mean as values of ours. Nothing: what they ask for is not to be had here;
/// the caller says so in a warning. A number out of our range is left to the setting to refuse.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bccl::nccl {

using Translate = std::optional<std::string> (*)(std::string_view value);

std::optional<std::string> as_it_is(std::string_view value);
std::optional<std::string> debug_level(std::string_view value);
std::optional<std::string> algorithm(std::string_view value);
std::optional<std::string> disabled(std::string_view value);  ///< 1: off; 0: on.

}  // namespace bccl::nccl
