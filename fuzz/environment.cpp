/// Any environment, one NAME=value a line: settings and the launcher's variables are understood or refused
/// with a sentence; what is understood keeps to the limits and reads the same when it is shown and read
/// again.
#include "bootstrap/environment.h"

#include <map>

#include "base/amounts.h"
#include "base/settings.h"
#include "bootstrap/root_address.h"
#include "input.h"

using namespace bccl;
using fuzz::Input;
using fuzz::require;

namespace {

class Environment {
 public:
  explicit Environment(Input input) {
    while (!input.at_end()) {
      const std::string line{input.line()};
      lines_.push_back(line);
      const size_t equals = line.find('=');
      if (equals != std::string::npos) values_[line.substr(0, equals)] = line.c_str() + equals + 1;
    }
  }

  Lookup lookup() const {
    return [this](const char* name) {
      auto found = values_.find(name);
      return found == values_.end() ? nullptr : found->second.c_str();
    };
  }
  std::vector<const char*> lines() const {
    std::vector<const char*> lines;
    for (const std::string& line : lines_) lines.push_back(line.c_str());
    lines.push_back(nullptr);
    return lines;
  }

 private:
  std::vector<std::string> lines_;
  std::map<std::string, std::string, std::less<>> values_;
};

void check_settings(const Environment& environment) {
  const std::vector<const char*> lines = environment.lines();
  const GivenSettings given = given_in_environment(lines.data());
  Result<Settings> settings = read_settings(given);
  require(settings.ok() == settings.sentence().empty(), "an error has a sentence");
  std::map<std::string, std::string, std::less<>> shown;
  for (const SettingRow& row : describe_settings(given)) shown[row.name] = row.value;
  for (const std::string& warning : setting_warnings(given))
    require(warning.find("BCCL_") != std::string::npos || warning.find("NCCL_") != std::string::npos,
            "a warning names the setting");
  if (!settings.ok()) return;
  shown.erase("BCCL_SECRET");
  GivenSettings as_shown;
  for (const auto& [name, value] : shown)
    as_shown.all.push_back({name, value, SettingSource::environment, "environment"});
  Result<Settings> again = read_settings(as_shown);
  require(again.ok(), "what is shown can be read");
  require(again->timeout_ms == settings->timeout_ms && again->pool_bytes == settings->pool_bytes &&
              again->slice_bytes == settings->slice_bytes && again->debug == settings->debug,
          "what is shown means the same");
  require(settings->timeout_ms > 0 && settings->bootstrap_timeout_ms > 0, "times are positive");
}

void check_launch(const Environment& environment) {
  const Lookup lookup = environment.lookup();
  auto launch = launch_from(lookup);
  require(launch.ok() == launch.sentence().empty(), "an error has a sentence");
  if (!launch.ok() || !launch.value()) return;
  Launch me = *launch.value();
  require(me.rank >= 0 && me.rank < me.size && me.local_rank >= 0 && me.local_rank < me.size,
          "ranks are in range");
  Settings settings;
  if (const char* place = lookup("BCCL_COMM_ID")) settings.comm_id = place;
  me.rank = 0;  // the one that never looks up a name
  Result<UniqueId> id = rendezvous_from(me, settings, lookup, 0);
  require(id.ok() == id.sentence().empty(), "an error has a sentence");
  if (!id.ok()) return;
  Result<UniqueId> again = UniqueId::unpack(id->pack());
  require(again.ok() && again.value() == id.value(), "the rendezvous is an id");
  require(rendezvous_from(me, settings, lookup, 1)->secret != id->secret,
          "every communicator has its own secret");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Environment environment{Input{data, size}};
  check_settings(environment);
  check_launch(environment);
  const std::string_view text = Input{data, size}.line();
  const Result<int64_t> bytes = parse_bytes(text), ms = parse_duration_ms(text);
  require(!bytes.ok() || bytes.value() >= 0, "sizes are not negative");
  require(!ms.ok() || ms.value() >= 0, "times are not negative");
  return 0;
}
