#include "plan/tokens.h"

#include <algorithm>
#include <charconv>
#include <climits>

namespace bccl {
namespace {

constexpr size_t quoted_letters_max = 20;

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

bool is_word(char letter) {
  return is_digit(letter) || (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         letter == '_';
}

}  // namespace

bool Tokens::at_number() const { return !at_end() && is_digit(text_[at_]); }

bool Tokens::try_word(std::string_view word) {
  if (next_word() != word) return false;
  advance(word.size());
  return true;
}

bool Tokens::try_sign(std::string_view sign) {
  if (!text_.substr(at_).starts_with(sign)) return false;
  advance(sign.size());
  return true;
}

Status Tokens::word(std::string_view word) {
  if (try_word(word)) return {};
  return expected(fmt::format("'{}'", word));
}

Status Tokens::sign(std::string_view sign) {
  if (try_sign(sign)) return {};
  return expected(fmt::format("'{}'", sign));
}

Result<std::string> Tokens::any_word(std::string_view meaning) {
  const std::string word(next_word());
  if (word.empty()) return expected(meaning);
  advance(word.size());
  return word;
}

Result<int> Tokens::number(std::string_view meaning) {
  if (!at_number()) return expected(meaning);
  int value = 0;
  const char* begin = text_.data() + at_;
  const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
  if (error != std::errc()) return expected(fmt::format("{} of at most {}", meaning, INT_MAX));
  advance(static_cast<size_t>(end - begin));
  return value;
}

Status Tokens::index(std::string_view meaning, size_t value) {
  const Tokens before = *this;
  if (static_cast<size_t>(BCCL_TRY(number(meaning))) == value) return {};
  return before.expected(fmt::format("{} {}", meaning, value));
}

Status Tokens::end_line() {
  if (!at_line_end()) return expected("the end of the line");
  skip_empty_lines();
  return {};
}

void Tokens::skip_empty_lines() {
  while (!at_end() && text_[at_] == '\n') {
    ++line_;
    line_begin_ = at_ + 1;
    advance(1);
  }
}

Error Tokens::expected(std::string_view what) const {
  const std::string_view word = next_word().substr(0, quoted_letters_max);
  const std::string found = !word.empty()   ? fmt::format("'{}'", word)
                            : at_line_end() ? "the end of the line"
                            : text_[at_] > ' ' && text_[at_] <= '~'
                                ? fmt::format("'{}'", text_[at_])
                                : fmt::format("byte {}", static_cast<unsigned char>(text_[at_]));
  return fail(Code::invalid_argument, "line {}, column {}: expected {}, found {}", line_,
              at_ - line_begin_ + 1, what, found);
}

void Tokens::advance(size_t letters) {
  at_ += letters;
  skip_blanks();
}

void Tokens::skip_blanks() {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r')) ++at_;
  if (at_ < text_.size() && text_[at_] == '#') at_ = std::min(text_.find('\n', at_), text_.size());
}

std::string_view Tokens::next_word() const {
  size_t end = at_;
  while (end < text_.size() && is_word(text_[end])) ++end;
  return text_.substr(at_, end - at_);
}

}  // namespace bccl
