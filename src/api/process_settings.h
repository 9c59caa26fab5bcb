/// What the process reads once: settings, with a word about what has no effect among them.
#pragma once

#include "base/settings.h"
#include "base/status.h"
#include "bccl/bccl.h"

namespace bccl {

/// Reads the environment and the files at the first call of the process (and again if that failed); configures the log.
Result<Settings> process_settings();

/// The same, with what a program wants of one communicator over it. NULL: nothing.
Result<Settings> communicator_settings(const bcclConfig_t* config);

/// Those of a communicator that comes of another: as that one's, with what a program wants over them. NULL: nothing.
Result<Settings> child_settings(const bcclConfig_t* config, const Settings& parent);

}  // namespace bccl
