#include "tools/bccl/info_settings.h"

#include <fmt/format.h>
#include <unistd.h>

#include "tools/bccl/commands.h"

namespace bccl::tool {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view page_begin = R"(# Settings

Written by `bccl info --settings --markdown`, from the registry that the library reads them with
(`src/base/settings_registry.cpp`).

Of several values for one setting the first of these holds:

1. `settings` in the `bcclConfig_t` that a communicator is created with, for it alone: `"BCCL_ALGO=ring; BCCL_TIMEOUT=30s"`;
2. the environment, by our name;
3. the environment, by NCCL's name, where the table has one and bccl can do what its value asks for;
4. the file that `BCCL_CONF_FILE` names, which must be there; if it names none, `~/.bccl.conf`;
5. `/etc/bccl.conf`;
6. the file that `NCCL_CONF_FILE` names;
7. the default.

Files have one `NAME=value` a line; `#` at the beginning of a line, or after a blank, begins a comment. In one source our name holds before NCCL's. A value that is
not allowed is an error that names where it stands. An unknown `BCCL_` name, and an NCCL variable that has no effect, is warned of once.
`bccl info --settings` shows what is in force and where it comes from.

| setting | type | default | allowed | NCCL's name | set by | meaning |
|---|---|---|---|---|---|---|
)";

constexpr std::string_view page_end = R"(
† Must be equal on all ranks: they compare it when a communicator is created.
)";

void print_text(const std::vector<SettingRow>& rows) {
  for (const SettingRow& row : rows) {
    fmt::print("{} = {} ({})\n    {}\n", row.name, row.value.empty() ? "-" : row.value, row.origin,
               row.meaning);
    fmt::print("    {}: {}; default {}; set by {}{}{}\n", row.type, row.allowed, row.default_value,
               row.set_by, row.nccl_name.empty() ? "" : "; NCCL's name " + row.nccl_name,
               row.equal_on_all_ranks ? "; equal on all ranks" : "");
  }
}

}  // namespace

Json settings_json(const std::vector<SettingRow>& rows) {
  Json array = Json::array();
  for (const SettingRow& row : rows)
    array.push_back({{"name", row.name},
                     {"value", row.value},
                     {"default", row.default_value},
                     {"origin", row.origin},
                     {"type", row.type},
                     {"allowed", row.allowed},
                     {"equal_on_all_ranks", row.equal_on_all_ranks},
                     {"set_by", row.set_by},
                     {"nccl_name", row.nccl_name},
                     {"meaning", row.meaning}});
  return array;
}

std::string settings_page() {
  std::string page{page_begin};
  for (const SettingRow& row : describe_settings({}))
    page +=
        fmt::format("| `{}`{} | {} | {} | {} | {} | {} | {} |\n", row.name,
                    row.equal_on_all_ranks ? " †" : "", row.type, row.default_value, row.allowed,
                    row.nccl_name.empty() ? "" : fmt::format("`{}`", row.nccl_name), row.set_by, row.meaning);
  return page.append(page_end);
}

int show_settings(SettingsForm form) {
  if (form == SettingsForm::markdown) {
    fmt::print("{}", settings_page());
    return 0;
  }
  const Result<GivenSettings> in_files = given_to_process(environ);
  const GivenSettings given = in_files.ok() ? in_files.value() : given_in_environment(environ);
  const std::vector<SettingRow> rows = describe_settings(given);
  if (form == SettingsForm::json)
    fmt::print("{}\n", settings_json(rows).dump(2));
  else
    print_text(rows);
  for (const std::string& warning : setting_warnings(given)) complain("bccl info", warning);
  const std::string refusal = in_files.ok() ? read_settings(given).sentence() : in_files.sentence();
  return refusal.empty() ? 0 : complain("bccl info", refusal, exit_bad_usage);
}

}  // namespace bccl::tool
