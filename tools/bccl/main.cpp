// The `bccl` command.

#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include "base/status.h"
#include "bccl/bccl.h"
#include "tools/bccl/commands.h"
#include "tools/bccl/perf/measured_collectives.h"

namespace bccl::tool {
namespace {

/// As all_reduce_perf, `bccl` is `bccl perf all_reduce`.
std::vector<std::string> meaning_of_program(std::string_view path) {
  path.remove_prefix(path.rfind('/') + 1);
  for (const MeasuredCollective& each : measured_collectives())
    if (path == each.program) return {"perf", std::string(each.name)};
  return {};
}

/// `bccl run` and what follows a lone `--` is another program's command line: not ours to parse.
Invocation split(int argc, char** argv) {
  Invocation invocation;
  auto& all = invocation.arguments;
  all = meaning_of_program(argv[0]);
  all.insert(all.end(), argv + 1, argv + argc);
  const auto marker = std::find(all.begin(), all.end(), "--");
  if (marker != all.end()) invocation.program.assign(marker + 1, all.end());
  return invocation;
}

/// The deepest subcommand that was named, and its whole name: "bccl plan verify".
const CLI::App& called(const CLI::App& app) {
  const auto subcommands = app.get_subcommands();
  return subcommands.empty() ? app : called(*subcommands.front());
}
std::string full_name(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : full_name(*app.get_parent()) + " " + app.get_name();
}

std::string what_is_wrong(const CLI::App& command, const CLI::ParseError& error) {
  std::vector<std::string> subcommands;
  for (const CLI::App* subcommand : command.get_subcommands({}))
    subcommands.push_back(subcommand->get_name());
  const std::vector<std::string> unknown = command.remaining();
  if (subcommands.empty() || unknown.empty()) return error.what();
  return fmt::format("'{}' is not a subcommand: give one of {}", unknown.front(),
                     fmt::join(subcommands, ", "));
}

int parse_and_run(CLI::App& app, Invocation& invocation) {
  auto& all = invocation.arguments;
  // The parser wants its arguments in reverse.
  std::vector<std::string> own(all.begin(), std::find(all.begin(), all.end(), "--"));
  std::reverse(own.begin(), own.end());
  try {
    app.parse(std::move(own));
  } catch (const CLI::CallForHelp& call) {
    return app.exit(call);
  } catch (const CLI::CallForVersion& call) {
    return app.exit(call);
  } catch (const CLI::ParseError& error) {
    const CLI::App& command = called(app);
    const std::string speaker = full_name(command);
    return complain(speaker, fmt::format("{} (see {} --help)", what_is_wrong(command, error), speaker),
                    exit_bad_usage);
  }
  return invocation.exit_status;
}

}  // namespace
}  // namespace bccl::tool

int main(int argc, char** argv) {
  using namespace bccl::tool;
  Invocation invocation = split(argc, argv);
  CLI::App app("Collective communication among the chips of one job: launcher, benchmark, tuner, plans, facts.",
               "bccl");
  app.set_version_flag("--version", fmt::format("bccl {}.{}.{}", BCCL_MAJOR, BCCL_MINOR, BCCL_PATCH));
  app.require_subcommand(1);
  add_run_command(app, invocation);
  add_perf_command(app, invocation);
  add_plot_command(app, invocation);
  add_tune_command(app, invocation);
  add_plan_command(app, invocation);
  add_info_command(app, invocation);
  return parse_and_run(app, invocation);
}
