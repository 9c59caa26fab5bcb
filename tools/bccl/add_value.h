/// Flags with values.
#pragma once

#include <string>
#include <utility>

#include <CLI/CLI.hpp>

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

}  // namespace bccl::tool
