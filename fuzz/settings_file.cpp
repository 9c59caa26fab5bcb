/// Any file with settings: every line is understood or refused with its number, and what is understood reads
/// the same when it is written down again.
#include "base/settings_file.h"

#include <set>

#include "base/settings.h"
#include "input.h"

using namespace bccl;
using fuzz::require;

namespace {

void check_written_again(const SettingLines& parsed) {
  std::string text;
  for (const SettingLine& line : parsed.lines) text += line.name + "=" + line.value + "\n";
  const SettingLines again = parse_settings_file(text, "again");
  require(again.refusals.empty() && again.lines.size() == parsed.lines.size(),
          "what was understood is understood again");
  for (size_t at = 0; at < again.lines.size(); ++at)
    require(again.lines[at].name == parsed.lines[at].name && again.lines[at].value == parsed.lines[at].value,
            "and means the same");
}

void check_read(const SettingLines& parsed) {
  GivenSettings given;
  for (const SettingLine& line : parsed.lines)
    given.all.push_back({line.name, line.value, SettingSource::file, "file f:1"});
  const Result<Settings> settings = read_settings(given);
  require(settings.ok() == settings.sentence().empty(), "an error has a sentence");
  require(settings.ok() || settings.sentence().find("(file f:1") != std::string::npos,
          "an error names its source");
  for (const std::string& warning : setting_warnings(given))
    require(warning.find("(file f:1") != std::string::npos, "a warning names its source");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const SettingLines parsed = parse_settings_file(text, "f");
  std::set<std::string> names;
  int last = 0;
  for (const SettingLine& line : parsed.lines) {
    require(line.number > last, "lines have growing numbers");
    last = line.number;
    require(!line.name.empty() && names.insert(line.name).second, "a name is there, once");
  }
  for (const std::string& refusal : parsed.refusals)
    require(refusal.starts_with("f:"), "a refusal names file and line");
  check_written_again(parsed);
  check_read(parsed);
  const Result<GivenSettings> by_program = given_by_program(text);
  require(by_program.ok() == by_program.sentence().empty(), "an error has a sentence");
  require(by_program.ok() || by_program.sentence().starts_with("bcclConfig_t.settings:"),
          "an error names its source");
  return 0;
}
