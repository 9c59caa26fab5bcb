/// The subcommands of `bccl`. Each adds itself to the parser; when it is the one that was called, its
/// callback runs and leaves the exit status. Bad values throw CLI::ParseError, which main() prints.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace bccl::tool {

/// What outlives parsing.
struct Invocation {
  std::vector<std::string> arguments;  ///< All of the command line, argv[0] left out.
  std::vector<std::string> program;    ///< What followed `--`.
  int exit_status = 0;
};

inline constexpr int exit_failed = 1;
inline constexpr int exit_bad_usage = 2;

/// Says why on stderr, as main() does for bad values, and gives the status to exit with.
int complain(std::string_view speaker, std::string_view sentence, int exit_status = exit_failed);

void add_run_command(CLI::App& app, Invocation& invocation);
void add_perf_command(CLI::App& app, Invocation& invocation);
void add_plot_command(CLI::App& app, Invocation& invocation);
void add_tune_command(CLI::App& app, Invocation& invocation);
void add_plan_command(CLI::App& app, Invocation& invocation);
void add_info_command(CLI::App& app, Invocation& invocation);

}  // namespace bccl::tool
