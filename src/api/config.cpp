#include "api/config.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace bccl {
namespace {

constexpr unsigned first_version = 100;  // 0.1.0

constexpr VersionedField fields[] = {
    {offsetof(bcclConfig_t, blocking), sizeof(int), first_version},
    {offsetof(bcclConfig_t, name), sizeof(const char*), first_version},
    {offsetof(bcclConfig_t, settings), sizeof(const char*), first_version},
};

// Programs that were compiled long ago rely on these.
static_assert(std::is_standard_layout_v<bcclConfig_t> && sizeof(VersionedHeader) == 16);
static_assert(offsetof(bcclConfig_t, size) == offsetof(VersionedHeader, size));
static_assert(offsetof(bcclConfig_t, magic) == offsetof(VersionedHeader, magic));
static_assert(offsetof(bcclConfig_t, version) == offsetof(VersionedHeader, version));
static_assert(offsetof(bcclConfig_t, blocking) == 16 && offsetof(bcclConfig_t, name) == 24 &&
              offsetof(bcclConfig_t, settings) == 32 && sizeof(bcclConfig_t) == 40);

Status check_header(const VersionedHeader& header) {
  if (header.magic != BCCL_CONFIG_MAGIC)
    return fail(Code::invalid_argument,
                "config.magic is {:#x}: config was not set to BCCL_CONFIG_INITIALIZER", header.magic);
  if (header.size < sizeof(VersionedHeader))
    return fail(Code::invalid_argument,
                "config.size is {}: sizeof(bcclConfig_t), as BCCL_CONFIG_INITIALIZER sets it, is {}",
                header.size, sizeof(bcclConfig_t));
  return {};
}

Result<std::optional<bool>> blocking_of(const bcclConfig_t& config) {
  if (config.blocking == BCCL_CONFIG_UNDEF_INT) return std::optional<bool>();
  if (config.blocking == 0 || config.blocking == 1) return std::optional(config.blocking == 1);
  return fail(Code::invalid_argument, "config.blocking is {}: set it to 0 or 1, or leave it unset", config.blocking);
}

Result<std::string> text_of(const char* text, const char* field, size_t bytes_max) {
  if (text == nullptr) return std::string{};
  const size_t bytes = strnlen(text, bytes_max + 1);
  if (bytes > bytes_max)
    return fail(Code::invalid_argument, "config.{} is longer than {} bytes", field, bytes_max);
  return std::string{text, bytes};
}

Result<std::string> name_of(const bcclConfig_t& config) {
  std::string name = BCCL_TRY(text_of(config.name, "name", config_name_bytes_max));
  const auto is_control = [](char letter) {
    return static_cast<unsigned char>(letter) < ' ' || letter == '\x7f';
  };
  if (std::ranges::any_of(name, is_control))
    return fail(Code::invalid_argument,
                "config.name has a control character; it stands in messages of one line each");
  return name;
}

}  // namespace

void take_known_fields(void* mine, const void* theirs, std::span<const VersionedField> known) {
  VersionedHeader header;
  std::memcpy(&header, theirs, sizeof header);
  for (const VersionedField& field : known)
    if (header.version >= field.since && field.offset + field.bytes <= header.size)
      std::memcpy(static_cast<std::byte*>(mine) + field.offset,
                  static_cast<const std::byte*>(theirs) + field.offset, field.bytes);
}

Result<Config> read_config(const bcclConfig_t* given) {
  if (given == nullptr) return Config{};
  VersionedHeader header;
  std::memcpy(&header, given, sizeof header);
  BCCL_TRY(check_header(header));
  bcclConfig_t config = BCCL_CONFIG_INITIALIZER;
  take_known_fields(&config, given, fields);
  Config checked;
  checked.blocking = BCCL_TRY(blocking_of(config));
  checked.name = BCCL_TRY(name_of(config));
  const std::string settings = BCCL_TRY(text_of(config.settings, "settings", config_settings_bytes_max));
  checked.settings = BCCL_TRY(given_by_program(settings));
  return checked;
}

}  // namespace bccl
