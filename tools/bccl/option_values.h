/// Values on the command line: what a flag accepts, and the sentence when it is given something else.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "base/status.h"
#include "plan/plan.h"

namespace bccl::tool {

using NumberParser = std::function<Result<int64_t>(const std::string&)>;
NumberParser whole_number(int64_t from, int64_t to = std::numeric_limits<int64_t>::max());

/// Bytes ("8", "64K", "1M") and durations ("30", "500ms", "10m"), as the library's settings take them.
Result<int64_t> bytes_value(const std::string& text);
Result<int64_t> duration_value(const std::string& text);

/// A collective by its name in plans: "all_reduce".
Result<Collective> collective_value(const std::string& text);

/// One of several words; the value is its position.
NumberParser one_of(std::vector<std::string> words);

}  // namespace bccl::tool
