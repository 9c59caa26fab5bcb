#include <algorithm>

#include <fmt/format.h>

#include "plan/draw.h"
#include "plan/picture.h"

namespace bccl {
namespace {

constexpr size_t margin = 6;
constexpr size_t words_width_max =
    14;  ///< Longer cells are broken between words, so that 8 ranks fit a screen.
constexpr size_t column_width_min = 12;

constexpr const char* legend =
    "  <1 from rank 1   s2 t2 x2 source, target, scratch chunk 2   =t1 stored there\n"
    "  ! completes the reduction   @1.4 after channel 1, step 4   o--2--> label 2 sent\n";

/// "s2", or "s0-3".
std::string short_name(const Chunks& chunks) {
  const char letter = "stx"[static_cast<int>(chunks.buffer)];
  if (chunks.count == 1) return fmt::format("{}{}", letter, chunks.first);
  return fmt::format("{}{}-{}", letter, chunks.first, chunks.first + chunks.count - 1);
}

/// "<0-2,5": peers, with runs cut short.
std::string short_names(char sign, const std::vector<Rank>& peers, size_t first, size_t end) {
  std::string out(1, sign);
  for (size_t at = first; at < end;) {
    size_t next = at + 1;
    while (next < end && peers[next] == peers[next - 1] + 1) ++next;
    out += fmt::format("{}{}", at == first ? "" : ",", peers[at]);
    if (next - at > 1) out += fmt::format("-{}", peers[next - 1]);
    at = next;
  }
  return out;
}

std::vector<std::string> words(const Picture::Box& box, bool name_receivers) {
  const Step& step = *box.step;
  const size_t peers = step.recv.size();
  const size_t before =
      step.from.present() ? std::clamp<size_t>(static_cast<size_t>(step.from_at), 0, peers) : 0;
  std::vector<std::string> inputs;
  if (before > 0) inputs.push_back(short_names('<', step.recv, 0, before));
  if (step.from.present()) inputs.push_back(short_name(step.from));
  if (before < peers) inputs.push_back(short_names('<', step.recv, before, peers));
  for (size_t at = 1; at < inputs.size(); ++at) inputs[at].insert(0, 1, '+');

  std::vector<std::string> words = std::move(inputs);
  if (step.to.present()) words.push_back(fmt::format("={}", short_name(step.to)));
  if (name_receivers && !step.send.empty()) words.push_back(short_names('>', step.send, 0, step.send.size()));
  if (step.completes) words.push_back("!");
  if (step.after.present()) words.push_back(fmt::format("@{}.{}", step.after.channel, step.after.step));
  return words;
}

/// A page of letters that grows as it is written on.
class Page {
 public:
  void write(size_t line, size_t column, std::string_view text) {
    if (lines_.size() <= line) lines_.resize(line + 1);
    std::string& at = lines_[line];
    if (at.size() < column + text.size()) at.resize(column + text.size(), ' ');
    at.replace(column, text.size(), text);
  }

  size_t lines() const { return lines_.size(); }

  std::string text() const {
    std::string out;
    for (const std::string& line : lines_) {
      const size_t last = line.find_last_not_of(' ');
      out += line.substr(0, last == std::string::npos ? 0 : last + 1) + "\n";
    }
    return out;
  }

 private:
  std::vector<std::string> lines_;
};

/// All messages of one step on one line: "<---o-2->--->".
struct Fan {
  size_t begin = SIZE_MAX;
  std::string letters;

  void put(size_t column, char letter) {
    if (letters.empty()) begin = column;
    if (column < begin) {
      letters.insert(0, begin - column, '-');
      begin = column;
    }
    if (column - begin >= letters.size()) letters.resize(column - begin + 1, '-');
    letters[column - begin] = letter;
  }
  size_t end() const { return begin + letters.size(); }
};

class Ascii {
 public:
  explicit Ascii(const std::vector<Plan>& plans) : plans_(plans), picture_(Picture::of(plans)) {
    by_row_.resize(static_cast<size_t>(picture_.rows));
    for (size_t box = 0; box < picture_.boxes.size(); ++box) {
      by_row_[static_cast<size_t>(picture_.boxes[box].row)].push_back(box);
      for (const std::string& line : cell(picture_.boxes[box])) width_ = std::max(width_, line.size() + 2);
    }
    receivers_.resize(picture_.boxes.size());
    for (const Picture::Arrow& arrow : picture_.arrows)
      if (arrow.message) receivers_[arrow.from].push_back(picture_.boxes[arrow.to].rank);
  }

  std::string draw() {
    for (size_t rank = 0; rank < plans_.size(); ++rank)
      page_.write(0, column(static_cast<Rank>(rank)), fmt::format("rank {}", rank));
    for (size_t row = 0; row < by_row_.size(); ++row) {
      const size_t line = page_.lines();
      page_.write(line, 0, fmt::format("{:>4}", row));
      draw_cells(by_row_[row], line);
      draw_fans(by_row_[row], page_.lines());
    }
    const std::string fault = picture_.fault.empty() ? "" : "  cannot run: " + picture_.fault + "\n";
    return picture_.title + "\n" + legend + fault + "\n" + page_.text();
  }

 private:
  size_t column(Rank rank) const { return margin + static_cast<size_t>(rank) * width_; }

  std::vector<std::string> cell(const Picture::Box& box) const {
    const bool several_channels = plans_[static_cast<size_t>(box.rank)].channels.size() > 1;
    std::vector<std::string> lines{several_channels ? fmt::format("c{} ", box.channel) : ""};
    const size_t indent = lines[0].size();
    for (const std::string& word : words(box, picture_.arrows.empty())) {
      if (lines.back().size() > indent && lines.back().size() + word.size() > words_width_max)
        lines.emplace_back(indent, ' ');
      lines.back() += word;
    }
    return lines;
  }

  void draw_cells(const std::vector<size_t>& boxes, size_t first_line) {
    size_t line = first_line;
    for (size_t at = 0; at < boxes.size(); ++at) {
      const Picture::Box& box = picture_.boxes[boxes[at]];
      if (at == 0 || picture_.boxes[boxes[at - 1]].rank != box.rank) line = first_line;
      for (const std::string& text : cell(box)) page_.write(line++, column(box.rank), text);
    }
  }

  /// Every fan goes to the first line where it touches no other.
  void draw_fans(const std::vector<size_t>& boxes, size_t first_line) {
    std::vector<std::vector<Fan>> lines;
    for (const size_t box : boxes) {
      if (receivers_[box].empty()) continue;
      const Fan fan = make_fan(box);
      size_t line = 0;
      const auto touches = [&](const Fan& other) {
        return fan.begin <= other.end() && other.begin <= fan.end();
      };
      while (line < lines.size() && std::any_of(lines[line].begin(), lines[line].end(), touches)) ++line;
      if (line == lines.size()) lines.emplace_back();
      lines[line].push_back(fan);
      page_.write(first_line + line, fan.begin, fan.letters);
    }
  }

  /// Arrows come in on the near side of a column and leave on the far side, so that a ring fits one line.
  Fan make_fan(size_t at) const {
    const Picture::Box& box = picture_.boxes[at];
    const auto [least, most] = std::minmax_element(receivers_[at].begin(), receivers_[at].end());
    const bool left = *least < box.rank;
    const bool right = *most > box.rank;
    const size_t origin = column(box.rank) + (left && right ? 1 : right ? 2 : 0);
    Fan fan;
    fan.put(origin, 'o');
    for (const Rank peer : receivers_[at])
      fan.put(column(peer) + (peer > box.rank ? 0 : 2), peer > box.rank ? '>' : '<');
    const Plan& plan = plans_[static_cast<size_t>(box.rank)];
    std::string label = labels_moved(plan, *box.step);
    if (plan.channels.size() > 1) label = fmt::format("c{}:{}", box.channel, label);
    const size_t place = right ? origin + 2 : origin - 2 - label.size() + 1;
    if (label.size() + 5 <= width_) fan.letters.replace(place - fan.begin, label.size(), label);
    return fan;
  }

  const std::vector<Plan>& plans_;
  Picture picture_;
  size_t width_ = column_width_min;
  std::vector<std::vector<size_t>> by_row_;   ///< Boxes of each row.
  std::vector<std::vector<Rank>> receivers_;  ///< Of each box's messages.
  Page page_;
};

}  // namespace

std::string draw_ascii(const std::vector<Plan>& plans) { return Ascii(plans).draw(); }

}  // namespace bccl
