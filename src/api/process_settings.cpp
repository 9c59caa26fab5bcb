#include "api/process_settings.h"

#include <unistd.h>

#include <mutex>
#include <optional>

#include "api/config.h"
#include "comm/placement.h"

namespace bccl {
namespace {

struct Known {
  std::mutex lock;
  std::optional<Settings> settings;
};

Known& known() {
  static Known* const one = new Known;
  return *one;
}

}  // namespace

Result<Settings> process_settings() {
  Known& process = known();
  const std::scoped_lock hold(process.lock);
  if (process.settings) return *process.settings;
  const GivenSettings given = BCCL_TRY(given_to_process(environ));
  Settings settings = BCCL_TRY(read_settings(given));
  configure_log(settings.debug, settings.debug_file);
  place_threads(settings);
  for (const std::string& warning : setting_warnings(given)) log(LogLevel::warn, "{}", warning);
  process.settings = settings;
  return settings;
}

Result<Settings> communicator_settings(const bcclConfig_t* given) {
  return child_settings(given, BCCL_TRY(process_settings()));
}

Result<Settings> child_settings(const bcclConfig_t* given, const Settings& parent) {
  Config config = BCCL_TRY(read_config(given));
  Settings settings = BCCL_TRY(read_settings(config.settings, parent));
  if (config.blocking.has_value()) settings.nonblocking = !*config.blocking;
  if (!config.name.empty()) settings.communicator_name = std::move(config.name);
  return settings;
}

}  // namespace bccl
