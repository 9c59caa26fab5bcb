#include "base/json_fields.h"

#include <algorithm>

namespace bccl {
namespace {

/// Enough of a value to recognise it by.
std::string shown(const nlohmann::json& value) {
  constexpr size_t shown_max = 40;
  if (value.is_structured()) return value.is_array() ? "a list" : "an object";
  std::string text = value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  if (text.size() > shown_max) text = text.substr(0, shown_max) + "…";
  return text;
}

bool in_range(const nlohmann::json& value, int64_t min, int64_t max) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<uint64_t>();
    return number <= static_cast<uint64_t>(std::max<int64_t>(max, 0)) && static_cast<int64_t>(number) >= min;
  }
  return value.is_number_integer() && value.get<int64_t>() >= min && value.get<int64_t>() <= max;
}

}  // namespace

Result<nlohmann::json> parse_json(std::string_view text, std::string_view what) {
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    return fail(Code::invalid_argument, "{} is not JSON: it breaks at byte {} of {}", what, error.byte,
                text.size());
  } catch (const nlohmann::json::exception&) {  // its only other complaint while it parses
    return fail(Code::invalid_argument, "{} has a number that is beyond all numbers", what);
  }
}

JsonFields::JsonFields(const nlohmann::json& value, std::string path, Status& wrong)
    : value_(value), path_(std::move(path)), wrong_(wrong) {
  if (wrong_.ok() && !value_.is_object())
    wrong_ = fail(Code::invalid_argument, "{} is {}, which is not an object", path_, shown(value_));
}

void JsonFields::text(const char* name, std::string& into) { text_at(field(name), path_of(name), into); }

void JsonFields::flag(const char* name, bool& into) {
  const nlohmann::json* found = field(name);
  if (found == nullptr) return;
  if (found->is_boolean())
    into = found->get<bool>();
  else
    wrong_ =
        fail(Code::invalid_argument, "{} is {}, which is not true or false", path_of(name), shown(*found));
}

void JsonFields::texts(const char* name, std::vector<std::string>& into) {
  for_elements(name, [&](const nlohmann::json& element, const std::string& path) {
    text_at(&element, path, into.emplace_back());
  });
}

void JsonFields::numbers(const char* name, std::vector<int>& into, int64_t min, int64_t max) {
  for_elements(name, [&](const nlohmann::json& element, const std::string& path) {
    int64_t number = 0;
    number_at(&element, path, number, min, max);
    into.push_back(static_cast<int>(number));
  });
}

const nlohmann::json* JsonFields::field(const char* name) {
  if (!wrong_.ok()) return nullptr;
  const auto found = value_.find(name);
  if (found != value_.end()) return &*found;
  wrong_ = fail(Code::invalid_argument, "{} is missing", path_of(name));
  return nullptr;
}

std::string JsonFields::path_of(const char* name) const { return fmt::format("{}.{}", path_, name); }

bool JsonFields::check_list(const nlohmann::json& list, const char* name) {
  if (!list.is_array())
    wrong_ = fail(Code::invalid_argument, "{} is {}, which is not a list", path_of(name), shown(list));
  else if (list.size() > json_list_max)
    wrong_ = fail(Code::invalid_argument, "{} has {} elements, more than {}", path_of(name), list.size(),
                  json_list_max);
  return wrong_.ok();
}

void JsonFields::text_at(const nlohmann::json* value, const std::string& path, std::string& into) {
  if (value == nullptr) return;
  const auto* text = value->get_ptr<const std::string*>();
  if (text == nullptr)
    wrong_ = fail(Code::invalid_argument, "{} is {}, which is not a text", path, shown(*value));
  else if (text->size() > json_text_bytes_max)
    wrong_ = fail(Code::invalid_argument, "{} has {} bytes, more than {}", path, text->size(),
                  json_text_bytes_max);
  else
    into = *text;
}

void JsonFields::number_at(const nlohmann::json* value, const std::string& path, int64_t& into, int64_t min,
                           int64_t max) {
  if (value == nullptr) return;
  if (in_range(*value, min, max))
    into = value->get<int64_t>();
  else
    wrong_ = fail(Code::invalid_argument, "{} is {}, which is not a whole number from {} to {}", path,
                  shown(*value), min, max);
}

}  // namespace bccl
