#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include "tools/bccl/option_values.h"
#include "tools/bccl/perf/perf_options.h"

namespace bccl::tool {
namespace {

struct Flag {
  const char* names;
  std::string_view accepted;  ///< The values that ask for what is done anyhow: a digit each.
  const char* why;            ///< … and no other.
};

constexpr Flag flags[] = {
    {"-m,--agg_iters", "1", "every call is timed by itself"},
    {"-p,--parallel_init", "01", "all ranks join at once anyhow"},
    {"-z,--blocking", "1", "calls on host memory return when they are done"},
    {"-a,--average", "3", "the time of an iteration is that of its slowest rank"},
    {"-G,--cudagraph", "0", "there are no graphs on host memory"},
    {"-C,--report_cputime", "0", "calls on host memory have no time apart from the processor's"},
};

bool accepts(const Flag& flag, const std::string& value) {
  return value.size() == 1 && flag.accepted.find(value) != std::string_view::npos;
}

std::string accepted(const Flag& flag) { return fmt::format("{}", fmt::join(flag.accepted, " or ")); }

}  // namespace

void add_flags_without_choice(CLI::App& command) {
  for (const Flag& flag : flags) {
    const std::string shown = std::string(flag.names).substr(std::string_view(flag.names).find(',') + 1);
    command
        .add_option_function<std::string>(
            flag.names,
            [flag, shown](const std::string& value) {
              if (!accepts(flag, value))
                throw CLI::ValidationError(
                    shown, fmt::format("'{}' is not possible, only {}: {}", value, accepted(flag), flag.why));
            },
            fmt::format("Of nccl-tests, to be {}: {}", accepted(flag), flag.why))
        ->group("Flags that choose nothing here");
  }
}

}  // namespace bccl::tool
