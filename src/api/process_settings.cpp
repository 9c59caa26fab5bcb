#include "api/process_settings.h"

#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <optional>

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
  Settings settings = BCCL_TRY(read_settings([](const char* name) { return std::getenv(name); }));
  configure_log(settings.debug, settings.debug_file);
  for (const std::string& warning : unknown_settings(environ)) log(LogLevel::warn, "{}", warning);
  process.settings = settings;
  return settings;
}

}  // namespace bccl
