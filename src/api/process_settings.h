/// What the process reads once: settings from the environment, with a word about unknown ones.
#pragma once

#include "base/settings.h"
#include "base/status.h"

namespace bccl {

/// Reads the environment at the first call of the process (and again if that failed); configures the log.
Result<Settings> process_settings();

}  // namespace bccl
