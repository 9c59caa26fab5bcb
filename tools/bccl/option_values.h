/// Values on the command line: what a flag accepts, and the sentence when it is given something else.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include "base/status.h"
#include "plan/plan.h"

namespace bccl::tool {

/// Adds a flag whose text `parse` turns into the target. Its error is what is allowed: the user reads
/// `--ranks: '0' is not a whole number from 1 to 1024`.
template <class T, class Parse>
CLI::Option* add_value(CLI::App& app, const std::string& flag, T& target, Parse parse,
                       const std::string& meaning) {
  const std::string shown = flag.substr(flag.rfind(',') + 1);
  auto take = [&target, parse, shown](const std::string& text) {
    auto value = parse(text);
    if (!value.ok()) throw CLI::ValidationError(shown, value.sentence());
    target = static_cast<T>(std::move(value).value());
  };
  return app.add_option_function<std::string>(flag, take, meaning);
}

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
