/// The command line of `bccl perf`.
#pragma once

#include "tools/bccl/perf/measurement.h"

namespace CLI {
class App;
}

namespace bccl::tool {

/// Adds all flags; what they say is in `options` once the line is parsed and finish_perf_options() is
/// through.
void add_perf_options(CLI::App& command, PerfOptions& options);

/// What can be judged only when all flags are known. Throws CLI::ValidationError.
void finish_perf_options(const CLI::App& command, PerfOptions& options);

/// Flags of nccl-tests that choose nothing here: each is taken where it asks for what is done anyhow, and
/// refused with the reason where it asks for something else.
void add_flags_without_choice(CLI::App& command);

}  // namespace bccl::tool
