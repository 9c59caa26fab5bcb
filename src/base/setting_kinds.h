/// The kinds of setting. Each knows where its value is in Settings, what its type is called, how to read
/// itself (false: not allowed, and nothing changed), how to show itself in a form that it can read (but for
/// secrets), and what is allowed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/settings.h"

namespace bccl::setting {

/// A time that is not zero, in milliseconds.
struct Duration {
  int64_t Settings::*member;

  const char* type() const { return "duration"; }
  bool read(std::string_view text, Settings& settings) const;
  std::string show(const Settings& settings) const;
  std::string allowed() const;
};

/// A number or a size in a range; or, where the library may choose, `auto`, which is 0 in Settings.
struct Number {
  enum class Unit { none, bytes };

  int64_t Settings::*member;
  int64_t min;
  int64_t max;
  Unit unit = Unit::none;
  bool may_choose = true;

  const char* type() const { return unit == Unit::bytes ? "bytes" : "number"; }
  bool read(std::string_view text, Settings& settings) const;
  std::string show(const Settings& settings) const;
  std::string allowed() const;
  std::string text(int64_t value) const;
};

/// Any text that is not empty; `when_empty` is the word for the empty one, which nothing else can be set to.
struct Text {
  std::string Settings::*member;
  const char* when_empty;
  bool is_secret = false;

  const char* type() const { return "text"; }
  bool read(std::string_view text, Settings& settings) const;
  std::string show(const Settings& settings) const;
  std::string allowed() const;
};

/// One of some names, in upper or lower case.
struct Choice {
  std::string Settings::*member;
  std::span<const std::string_view> names;

  const char* type() const { return "choice"; }
  bool read(std::string_view text, Settings& settings) const;
  std::string show(const Settings& settings) const;
  std::string allowed() const;
};

/// What links between hosts take, or a word for where that is to come from.
struct Link {
  std::string Settings::*member;

  const char* type() const { return "link"; }
  bool read(std::string_view text, Settings& settings) const;
  std::string show(const Settings& settings) const;
  std::string allowed() const;
};

struct Level {
  LogLevel Settings::*member;

  const char* type() const { return "choice"; }
  bool read(std::string_view text, Settings& settings) const;
  std::string show(const Settings& settings) const;
  std::string allowed() const;
};

using Kind = std::variant<Duration, Number, Text, Choice, Link, Level>;

std::string lower_case(std::string_view text);  ///< Of ASCII letters.

}  // namespace bccl::setting
