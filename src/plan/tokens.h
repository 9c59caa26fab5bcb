/// The words, numbers and signs of a text, read one after another and line by line. Blanks separate; `#`
/// starts a comment. Errors are invalid_argument and name the line, the column, what was expected and what
/// was found. Points into the text, which must outlive it. One thread at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/status.h"

namespace bccl {

class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) { skip_blanks(); }

  bool at_end() const { return at_ == text_.size(); }
  bool at_line_end() const { return at_end() || text_[at_] == '\n'; }
  bool at_number() const;

  /// Takes the word or sign if it comes next.
  bool try_word(std::string_view word);
  bool try_sign(std::string_view sign);

  Status word(std::string_view word);
  Status sign(std::string_view sign);
  Result<std::string> any_word(std::string_view meaning);
  Result<int> number(std::string_view meaning);  ///< 0 or more.

  /// A number that the writer cannot choose: `value`, how many things of this kind came before.
  Status index(std::string_view meaning, size_t value);

  Status end_line();  ///< The line ends here; goes to the next one that holds something.
  void skip_empty_lines();

  Error expected(std::string_view what) const;

 private:
  void advance(size_t letters);
  void skip_blanks();
  std::string_view next_word() const;

  std::string_view text_;
  size_t at_ = 0;  ///< Always at a token, a line's end, or the end.
  size_t line_ = 1;
  size_t line_begin_ = 0;
};

}  // namespace bccl
