/// The registry: one row a setting. Everything that is said or done about settings in general (reading,
/// errors, `bccl info --settings`, docs/settings.md, what ranks compare) follows from it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/nccl_values.h"
#include "base/setting_kinds.h"
#include "base/settings.h"

namespace bccl {

/// Who may give a setting its value.
enum class Reach {
  communicator,  ///< Everyone: bcclConfig_t, the environment, files.
  process,       ///< It holds for the whole process: the environment and files.
  environment,   ///< It says where to look for the others: the environment alone.
};

/// NCCL's variable for the same thing.
struct NcclName {
  const char* name = nullptr;
  nccl::Translate translate = nullptr;  ///< Null: read beside ours, not in its stead.
};

struct SettingRule {
  const char* name;
  setting::Kind kind;
  bool equal_on_all_ranks =
      false;  ///< Ranks that differ in it could not work together: creation compares it.
  Reach reach = Reach::communicator;
  NcclName nccl = {};
  const char* meaning;  ///< One sentence. What is allowed and the default are said by the kind.

  const char* type() const;
  bool read(std::string_view text, Settings& settings) const;
  std::string show(const Settings& settings) const;
  std::string allowed() const;
};

std::span<const SettingRule> settings_registry();

/// The rule of that name, or null.
const SettingRule* find_setting(std::string_view name);
/// The one whose name is most like it.
const SettingRule& nearest_setting(std::string_view name);

}  // namespace bccl
