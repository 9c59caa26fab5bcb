#include "base/settings.h"

#include <algorithm>
#include <optional>

#include <fmt/ranges.h>

#include "base/settings_registry.h"

namespace bccl {
namespace {

bool may_come_from(SettingSource source, Reach reach) {
  if (source == SettingSource::environment) return true;
  return reach == Reach::communicator || (reach == Reach::process && source == SettingSource::file);
}

bool is_nccl_name(const SettingRule& rule, std::string_view name) {
  return rule.nccl.name != nullptr && rule.nccl.name == name;
}

/// What the value of NCCL's variable means as one of this setting, if it can be one.
std::optional<std::string> translated(const SettingRule& rule, std::string_view value) {
  if (rule.nccl.translate == nullptr) return std::nullopt;
  std::optional<std::string> ours = rule.nccl.translate(value);
  Settings scratch;
  return ours && rule.read(*ours, scratch) ? ours : std::nullopt;
}

struct Holding {
  std::string value;
  std::string origin;
};

/// The strongest value that was given for a setting, not yet understood. An empty one counts as none.
std::optional<Holding> holding(const SettingRule& rule, const GivenSettings& given) {
  for (const GivenSetting& each : given.all) {
    if (each.value.empty() || !may_come_from(each.source, rule.reach)) continue;
    if (each.name == rule.name) return Holding{each.value, each.origin};
    if (!is_nccl_name(rule, each.name)) continue;
    if (auto value = translated(rule, each.value))
      return Holding{std::move(*value), fmt::format("{}, {}={}", each.origin, each.name, each.value)};
  }
  return std::nullopt;
}

std::string set_by(Reach reach) {
  switch (reach) {
    case Reach::communicator:
      return "bcclConfig_t, environment, file";
    case Reach::process:
      return "environment, file";
    case Reach::environment:
      return "environment";
  }
  return "";
}

/// About a value for one of our names.
std::optional<std::string> warning_about_ours(const GivenSetting& given) {
  const SettingRule* rule = find_setting(given.name);
  if (rule == nullptr)
    return fmt::format("{} ({}) is not a setting of bccl and has no effect; did you mean {}?", given.name,
                       given.origin, nearest_setting(given.name).name);
  if (may_come_from(given.source, rule->reach)) return std::nullopt;
  return fmt::format("{} ({}) has no effect there: it is read from the {} alone", given.name, given.origin,
                     set_by(rule->reach));
}

/// About a value for one of NCCL's names that we know.
std::optional<std::string> warning_about_nccl(const GivenSetting& given, const SettingRule& rule) {
  if (given.value.empty() || rule.nccl.translate == nullptr || translated(rule, given.value))
    return std::nullopt;
  return fmt::format("{}=\"{}\" ({}) has no effect: bccl cannot do what it asks for; {} takes {}", given.name,
                     given.value, given.origin, rule.name, rule.allowed());
}

}  // namespace

const std::string& Settings::origin(std::string_view setting) const {
  static const std::string by_default = "default";
  const auto found = origins.find(setting);
  return found != origins.end() ? found->second : by_default;
}

Result<Settings> read_settings(const GivenSettings& given, Settings base) {
  Settings settings = std::move(base);
  for (const SettingRule& rule : settings_registry()) {
    const auto held = holding(rule, given);
    if (!held) continue;
    if (!rule.read(held->value, settings))
      return fail(Code::invalid_argument, "{}=\"{}\" ({}) is not allowed: set it to {}, or unset it",
                  rule.name, held->value, held->origin, rule.allowed());
    settings.origins.insert_or_assign(rule.name, held->origin);
  }
  return settings;
}

std::vector<std::string> setting_warnings(const GivenSettings& given) {
  std::vector<std::string> warnings = given.warnings;
  std::vector<std::string> without_counterpart;
  for (const GivenSetting& each : given.all) {
    const auto rule = std::ranges::find_if(settings_registry(),
                                           [&](const auto& one) { return is_nccl_name(one, each.name); });
    std::optional<std::string> warning;
    if (!each.name.starts_with("NCCL_"))
      warning = warning_about_ours(each);
    else if (rule == settings_registry().end())
      without_counterpart.push_back(fmt::format("{} ({})", each.name, each.origin));
    else
      warning = warning_about_nccl(each, *rule);
    if (warning) warnings.push_back(std::move(*warning));
  }
  if (!without_counterpart.empty())
    warnings.push_back(fmt::format("these variables of NCCL have no counterpart in bccl and no effect: {}",
                                   fmt::join(without_counterpart, ", ")));
  return warnings;
}

std::vector<SettingRow> describe_settings(const GivenSettings& given) {
  std::vector<SettingRow> described;
  const Settings defaults;
  for (const SettingRule& rule : settings_registry()) {
    Settings settings;
    const auto held = holding(rule, given);
    const bool valid = !held || rule.read(held->value, settings);
    described.push_back(
        {.name = rule.name,
         .type = rule.type(),
         .value = valid ? rule.show(settings) : fmt::format("\"{}\" (not allowed)", held->value),
         .default_value = rule.show(defaults),
         .origin = held ? held->origin : "default",
         .meaning = rule.meaning,
         .allowed = rule.allowed(),
         .equal_on_all_ranks = rule.equal_on_all_ranks,
         .set_by = set_by(rule.reach),
         .nccl_name = rule.nccl.name != nullptr ? rule.nccl.name : ""});
  }
  return described;
}

}  // namespace bccl
