/// Takes JSON from other processes and files apart. Every field has a type and a range; the first that is
/// wrong is remembered with its path, those after it are left alone, and the reader asks once at the end. Of
/// one thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/status.h"

namespace bccl {

inline constexpr size_t json_text_bytes_max = 512;
inline constexpr size_t json_list_max = 1 << 16;

/// The error says what is not JSON, and where it ceases to be.
Result<nlohmann::json> parse_json(std::string_view text, std::string_view what);

class JsonFields {
 public:
  /// `value` and `wrong` outlive the reader. `path`: what the value is called in errors.
  JsonFields(const nlohmann::json& value, std::string path, Status& wrong);

  bool has(const char* name) const { return value_.is_object() && value_.contains(name); }

  void text(const char* name, std::string& into);
  void flag(const char* name, bool& into);
  template <std::integral T>
  void number(const char* name, T& into, int64_t min, int64_t max) {
    int64_t read = static_cast<int64_t>(into);
    number_at(field(name), path_of(name), read, min, max);
    into = static_cast<T>(read);
  }

  void texts(const char* name, std::vector<std::string>& into);
  void numbers(const char* name, std::vector<int>& into, int64_t min, int64_t max);

  /// Calls `read(fields)` for every element of a list of objects.
  template <class Read>
  void each(const char* name, Read read) {
    for_elements(name, [&](const nlohmann::json& element, std::string path) {
      JsonFields fields(element, std::move(path), wrong_);
      if (wrong_.ok()) read(fields);
    });
  }

 private:
  template <class Take>
  void for_elements(const char* name, Take take) {
    const nlohmann::json* list = field(name);
    if (list == nullptr || !check_list(*list, name)) return;
    for (size_t i = 0; i < list->size() && wrong_.ok(); ++i)
      take((*list)[i], fmt::format("{}[{}]", path_of(name), i));
  }

  const nlohmann::json* field(const char* name);  ///< Null, and an error if there is none yet: it is missing.
  std::string path_of(const char* name) const;
  bool check_list(const nlohmann::json& list, const char* name);
  void text_at(const nlohmann::json* value, const std::string& path, std::string& into);
  void number_at(const nlohmann::json* value, const std::string& path, int64_t& into, int64_t min,
                 int64_t max);

  const nlohmann::json& value_;
  const std::string path_;
  Status& wrong_;
};

}  // namespace bccl
