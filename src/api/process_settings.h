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

}  // namespace bccl
