/// bcclConfig_t, as programs of any version hand it over. It grows at its end only, and a newer program or
/// library may be met. Which fields a program set is told by both its `size` and its `version`: the size
/// alone is not enough, because a field that is added may lie in what was padding, of any content, in older
/// programs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/settings.h"
#include "base/status.h"
#include "bccl/bccl.h"

namespace bccl {

inline constexpr size_t config_name_bytes_max = 128;
inline constexpr size_t config_settings_bytes_max = 64 << 10;

/// Where a field of a versioned struct is, and the first version of the library that has it.
struct VersionedField {
  size_t offset;
  size_t bytes;
  unsigned since;
};

/// How such a struct begins.
struct VersionedHeader {
  size_t size;
  unsigned magic;
  unsigned version;
};

/// Copies to `mine` those fields that the program which made `theirs` knew, and leaves the others as they
/// are.
void take_known_fields(void* mine, const void* theirs, std::span<const VersionedField> fields);

/// What a program wants of a communicator, checked.
struct Config {
  std::optional<bool> blocking;  ///< Unset: as by default.
  std::string name;
  GivenSettings settings;
};

/// NULL: nothing in particular. The error names the field, its value and what is allowed.
Result<Config> read_config(const bcclConfig_t* config);

}  // namespace bccl
