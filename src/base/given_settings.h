/// What was given, before anybody has looked whether it means something: names, texts and where they come
/// from. Sources, strongest first: bcclConfig_t's `settings`; BCCL_ variables; NCCL_ variables; the file that
/// BCCL_CONF_FILE names, else ~/.bccl.conf; /etc/bccl.conf; the file that NCCL_CONF_FILE names. Then come the
/// defaults.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace bccl {

enum class SettingSource { program, environment, file };

struct GivenSetting {
  std::string name;
  std::string value;
  SettingSource source = SettingSource::environment;
  std::string origin;  ///< For people: "environment", "file /etc/bccl.conf:4", "bcclConfig_t.settings".
};

struct GivenSettings {
  std::vector<GivenSetting> all;      ///< Strongest first: of two for the same setting the first holds.
  std::vector<std::string> warnings;  ///< Of what could not be read, and need not be.
};

inline constexpr const char* system_settings_file = "/etc/bccl.conf";

/// The variables in `environment` ("NAME=value" strings, null at the end) that begin with BCCL_ or NCCL_.
GivenSettings given_in_environment(const char* const* environment);

/// Those, and what is in the files that they name. The error names the file and the line.
Result<GivenSettings> given_to_process(const char* const* environment,
                                       const std::string& system_file = system_settings_file);

/// "BCCL_ALGO=ring; BCCL_TIMEOUT=30s". The error names the piece that is no setting, or none of a
/// communicator's.
Result<GivenSettings> given_by_program(std::string_view text);

}  // namespace bccl
