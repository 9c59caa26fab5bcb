/// The values in force. What settings there are, what each means and who may give it: settings_registry.h.
/// Where values come from: given_settings.h. Read once for the process, and again over that for a
/// communicator with settings of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/given_settings.h"
#include "base/log.h"
#include "base/status.h"

namespace bccl {

/// A plain value: tests build their own. The registry says what the members mean.
struct Settings {
  std::string conf_file;
  LogLevel debug = LogLevel::warn;
  std::string debug_file;
  int64_t timeout_ms = 600'000;
  int64_t late_warning_ms = 10'000;
  int64_t detection_ms = 5'000;
  int64_t bootstrap_timeout_ms = 30'000;
  std::string comm_id;  ///< Empty: chosen, as with the other texts; so are numbers that are 0.
  std::string secret;
  std::string algorithm;
  std::string reduction_order = "any";
  std::string tuning_file;
  std::string hierarchy = "auto";
  int64_t weight = 1;
  int64_t slice_bytes = 0;
  int64_t channels = 0;
  std::string shared_memory = "on";
  int64_t pool_bytes = 0;
  std::string stores = "auto";
  std::string placement = "auto";
  std::string wait = "auto";
  std::string kernels = "auto";
  std::string interface_name;
  std::string socket_family = "auto";
  int64_t tcp_sockets = 0;
  int64_t tcp_slice_bytes = 0;
  int64_t tcp_buffer_bytes = 0;
  std::string tcp_encryption = "off";
  std::string link = "measured";

  bool nonblocking = false;       ///< No setting: bcclConfig_t's blocking is 0.
  std::string communicator_name;  ///< No setting: bcclConfig_t's name, for messages. Empty: none.

  /// Who said so, by the name of the setting, of those that were given.
  std::map<std::string, std::string, std::less<>> origins;

  /// "default" for one that was not given.
  const std::string& origin(std::string_view setting) const;
};

/// The settings that were given, over `base`. The error names the setting, its value, who said so and what is
/// allowed. A value that NCCL understands and we do not is passed over, as is a setting from where it may not
/// come.
Result<Settings> read_settings(const GivenSettings& given, Settings base = {});

/// What has no effect and looks as if it were meant to: one sentence each for names that begin with BCCL_ and
/// are unknown (with the nearest known one), settings where they do not count and values of NCCL's that
/// cannot be honoured; one for all of NCCL's variables that have no counterpart.
std::vector<std::string> setting_warnings(const GivenSettings& given);

/// One row of the registry, with the value in force.
struct SettingRow {
  std::string name;  ///< e.g. "BCCL_TIMEOUT"
  std::string type;
  std::string value;  ///< In force.
  std::string default_value;
  std::string origin;  ///< "default", "environment", "file /etc/bccl.conf:4" …
  std::string meaning;
  std::string allowed;
  bool equal_on_all_ranks = false;
  std::string set_by;     ///< "bcclConfig_t, environment, file" or fewer.
  std::string nccl_name;  ///< Empty: NCCL has none.
};
std::vector<SettingRow> describe_settings(const GivenSettings& given);

/// How the environment is read.
using Lookup = std::function<const char*(const char* name)>;

}  // namespace bccl
