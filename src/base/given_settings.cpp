#include "base/given_settings.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "base/settings_file.h"
#include "base/settings_registry.h"

namespace bccl {
namespace {

constexpr std::string_view nccl_prefix = "NCCL_";
constexpr const char* program = "bcclConfig_t.settings";

/// Of one source ours hold before NCCL's.
void put_ours_first(std::vector<GivenSetting>& all) {
  // Not that of std::ranges, whose result clang 14, which builds the fuzz targets, does not understand.
  std::stable_partition(all.begin(), all.end(),
                        [](const GivenSetting& each) { return !each.name.starts_with(nccl_prefix); });
}

/// An empty variable counts as one that is not set.
std::string variable(const char* const* environment, std::string_view name) {
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string_view entry{*environment};
    if (entry.starts_with(name) && entry.substr(name.size()).starts_with('='))
      return std::string{entry.substr(name.size() + 1)};
  }
  return "";
}

void append(GivenSettings& given, const std::string& path, SettingLines parsed) {
  std::vector<GivenSetting> here;
  for (SettingLine& line : parsed.lines)
    here.push_back({std::move(line.name), std::move(line.value), SettingSource::file,
                    fmt::format("file {}:{}", path, line.number)});
  put_ours_first(here);
  std::ranges::move(here, std::back_inserter(given.all));
}

/// A file that the user named: it must be there, and right.
Status append_named_file(GivenSettings& given, const std::string& path) {
  const auto text = BCCL_TRY(read_settings_file(path));
  if (!text)
    return fail(Code::invalid_argument, "BCCL_CONF_FILE=\"{}\" (environment): there is no such file", path);
  SettingLines parsed = parse_settings_file(*text, path);
  if (!parsed.refusals.empty()) return fail(Code::invalid_argument, "{}", parsed.refusals.front());
  append(given, path, std::move(parsed));
  return {};
}

/// A file at a place where one may be: if it cannot be read, that is only said. What it says must be right.
Status append_usual_file(GivenSettings& given, const std::string& path) {
  const auto text = read_settings_file(path);
  if (!text.ok()) given.warnings.push_back(text.sentence());
  if (!text.ok() || !text.value()) return {};
  SettingLines parsed = parse_settings_file(*text.value(), path);
  if (!parsed.refusals.empty()) return fail(Code::invalid_argument, "{}", parsed.refusals.front());
  append(given, path, std::move(parsed));
  return {};
}

/// NCCL's file, of which nothing is an error of ours.
void append_nccl_file(GivenSettings& given, const std::string& path) {
  const auto text = read_settings_file(path);
  if (!text.ok()) given.warnings.push_back(text.sentence());
  if (text.ok() && !text.value())
    given.warnings.push_back(fmt::format("NCCL_CONF_FILE=\"{}\" (environment): there is no such file", path));
  if (!text.ok() || !text.value()) return;
  SettingLines parsed = parse_settings_file(*text.value(), path);
  std::ranges::copy(parsed.refusals, std::back_inserter(given.warnings));
  append(given, path, std::move(parsed));
}

/// What is wrong with a setting as a program gives it, or nothing.
std::optional<std::string> refusal_of(std::string_view name) {
  const SettingRule* rule = find_setting(name);
  if (rule == nullptr)
    return fmt::format("{} is not a setting of bccl; did you mean {}?", name, nearest_setting(name).name);
  if (rule->reach != Reach::communicator)
    return fmt::format("{} holds for the whole process; set it in the environment", name);
  return std::nullopt;
}

}  // namespace

GivenSettings given_in_environment(const char* const* environment) {
  GivenSettings given;
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string_view entry{*environment};
    const size_t equals = entry.find('=');
    if (equals == std::string_view::npos || !(entry.starts_with("BCCL_") || entry.starts_with(nccl_prefix)))
      continue;
    given.all.push_back({std::string{entry.substr(0, equals)}, std::string{entry.substr(equals + 1)},
                         SettingSource::environment, "environment"});
  }
  put_ours_first(given.all);
  return given;
}

Result<GivenSettings> given_to_process(const char* const* environment, const std::string& system_file) {
  GivenSettings given = given_in_environment(environment);
  const std::string named = variable(environment, "BCCL_CONF_FILE"), home = variable(environment, "HOME");
  if (!named.empty())
    BCCL_TRY(append_named_file(given, named));
  else if (!home.empty())
    BCCL_TRY(append_usual_file(given, home + "/.bccl.conf"));
  BCCL_TRY(append_usual_file(given, system_file));
  if (const std::string nccl_file = variable(environment, "NCCL_CONF_FILE"); !nccl_file.empty())
    append_nccl_file(given, nccl_file);
  return given;
}

Result<GivenSettings> given_by_program(std::string_view text) {
  GivenSettings given;
  const std::string lines = [&] {
    std::string with_ends{text};
    std::ranges::replace(with_ends, ';', '\n');
    return with_ends;
  }();
  SettingLines parsed = parse_settings_file(lines, program);
  if (!parsed.refusals.empty()) return fail(Code::invalid_argument, "{}", parsed.refusals.front());
  for (SettingLine& line : parsed.lines) {
    if (const auto refusal = refusal_of(line.name))
      return fail(Code::invalid_argument, "{}: {}", program, *refusal);
    given.all.push_back({std::move(line.name), std::move(line.value), SettingSource::program, program});
  }
  return given;
}

}  // namespace bccl
