/// `bccl info --settings`: every setting with the value in force, or the page about them (docs/settings.md).
#pragma once

#include <vector>

#include <nlohmann/json.hpp>

#include "base/settings.h"

namespace bccl::tool {

enum class SettingsForm { text, json, markdown };

/// Prints the settings as this process has them; gives the status to exit with. Of the page alone: as they
/// are where nothing is set.
int show_settings(SettingsForm form);

/// All that is known of each setting, for JSON documents.
nlohmann::ordered_json settings_json(const std::vector<SettingRow>& rows);

/// docs/settings.md. Follows from the registry alone.
std::string settings_page();

}  // namespace bccl::tool
