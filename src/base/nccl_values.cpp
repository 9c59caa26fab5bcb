#include "base/nccl_values.h"

#include "base/setting_kinds.h"

namespace bccl::nccl {

std::optional<std::string> as_it_is(std::string_view value) { return std::string{value}; }

/// VERSION < WARN < INFO < ABORT < TRACE, and there is nothing that only ABORT would show.
std::optional<std::string> debug_level(std::string_view value) {
  const std::string level = setting::lower_case(value);
  return level == "abort" ? "info" : level;
}

/// One name. NCCL also takes lists to choose among, lists of what is not to be chosen, and one list for each
/// collective.
std::optional<std::string> algorithm(std::string_view value) {
  const std::string name = setting::lower_case(value);
  if (name == "ring") return "ring";
  if (name == "tree") return "double_binary_tree";
  return std::nullopt;
}

std::optional<std::string> disabled(std::string_view value) {
  if (value == "0") return "on";
  if (value == "1") return "off";
  return std::nullopt;
}

}  // namespace bccl::nccl
