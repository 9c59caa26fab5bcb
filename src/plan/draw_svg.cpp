#include <algorithm>

#include <fmt/format.h>

#include "base/escape_xml.h"
#include "plan/draw.h"
#include "plan/picture.h"
#include "plan/text.h"

namespace bccl {
namespace {

// Lengths in SVG user units, about one screen pixel each.
constexpr double letter_width = 6.7;
constexpr double box_height = 36;
constexpr double row_height = 82;
constexpr double header_height = 88;
constexpr double margin = 20;
constexpr double box_gap = 14;
constexpr double lane_gap = 26;
constexpr double text_pad = 18;

constexpr const char* style =
    "text{font:11px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#222}"
    ".title{font-size:16px;font-weight:bold}.rank{font-size:13px;font-weight:bold}.note{fill:#666}"
    ".fault{fill:#b00020}.mid{text-anchor:middle}.message{fill:none;stroke-width:1.4;opacity:.75}"
    ".after{fill:none;stroke:#555;stroke-width:1.2;stroke-dasharray:4 3}";

/// Neighbouring labels get colours far apart: steps of the golden angle round the colour circle.
int hue(int label) { return static_cast<int>(static_cast<int64_t>(label) * 137 % 360); }

struct Point {
  double x = 0;
  double y = 0;
};

class Svg {
 public:
  explicit Svg(const std::vector<Plan>& plans) : plans_(plans), picture_(Picture::of(plans)) {
    size_t letters = 12;
    for (const Picture::Box& box : picture_.boxes)
      letters = std::max({letters, first_line(box).size(), second_line(box).size()});
    box_width_ = static_cast<double>(letters) * letter_width + text_pad;
    double x = margin + 34;  // Room for the row numbers.
    for (const Plan& plan : plans) {
      lanes_.push_back(x);
      x += lane_width(plan) + lane_gap;
    }
    width_ = std::max(x, 640.0);
    height_ = header_height + 34 + static_cast<double>(picture_.rows) * row_height - box_height / 2;
  }

  std::string draw() {
    out_ = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
        "viewBox=\"0 0 {0:.0f} {1:.0f}\">\n<style>{2}</style>\n"
        "<defs><marker id=\"tip\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"7\" "
        "markerHeight=\"7\" "
        "orient=\"auto\"><path d=\"M0 1L10 5L0 9z\" fill=\"context-stroke\"/></marker></defs>\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
        width_, height_, style);
    draw_header();
    draw_lanes();
    for (const Picture::Arrow& arrow : picture_.arrows) draw_arrow(arrow);
    for (const Picture::Box& box : picture_.boxes) draw_box(box);
    return out_ + "</svg>\n";
  }

 private:
  double lane_width(const Plan& plan) const {
    return static_cast<double>(std::max<size_t>(plan.channels.size(), 1)) * (box_width_ + box_gap) - box_gap;
  }

  std::string first_line(const Picture::Box& box) const { return print_inputs(*box.step); }

  std::string second_line(const Picture::Box& box) const {
    return fmt::format("\u2192 {}{}", print_outputs(*box.step), box.step->completes ? " \u2713" : "");
  }

  /// The middle of the box's upper edge.
  Point top(const Picture::Box& box) const {
    return {lanes_[static_cast<size_t>(box.rank)] + box.channel * (box_width_ + box_gap) + box_width_ / 2,
            header_height + 34 + box.row * row_height};
  }

  void text(Point at, const char* kind, std::string_view words) {
    out_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\">{}</text>\n", at.x, at.y, kind,
                        escape_xml(words));
  }

  void draw_header() {
    text({margin, 30}, "title", picture_.title);
    text({margin, 48}, "note",
         "time runs down; a box is a step: inputs in the order of combination \u2192 outputs; "
         "\u2713 completes the reduction");
    text({margin, 63}, "note",
         "arrows are messages, coloured by label; dashed: after a step of another channel");
    if (!picture_.fault.empty()) text({margin, 78}, "fault", "cannot run: " + picture_.fault);
  }

  void draw_lanes() {
    for (size_t rank = 0; rank < plans_.size(); ++rank) {
      const double width = lane_width(plans_[rank]) + 12;
      out_ += fmt::format(
          "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"6\" fill=\"#f5f6f8\"/>\n",
          lanes_[rank] - 6, header_height, width, height_ - header_height - margin / 2);
      text({lanes_[rank] + width / 2 - 6, header_height + 14}, "rank mid", fmt::format("rank {}", rank));
      for (size_t channel = 0; plans_[rank].channels.size() > 1 && channel < plans_[rank].channels.size();
           ++channel)
        text({lanes_[rank] + static_cast<double>(channel) * (box_width_ + box_gap) + box_width_ / 2,
              header_height + 27},
             "note mid", fmt::format("channel {}", channel));
    }
    for (int row = 0; row < picture_.rows; ++row)
      text({margin, header_height + 34 + row * row_height + box_height / 2 + 4}, "note", std::to_string(row));
  }

  void draw_arrow(const Picture::Arrow& arrow) {
    const Picture::Box& sender = picture_.boxes[arrow.from];
    Point from = top(sender);
    from.y += box_height;
    const Point to = top(picture_.boxes[arrow.to]);
    const double bend = std::max(18.0, (to.y - from.y) * 0.45);
    const std::string look =
        arrow.message ? fmt::format("class=\"message\" stroke=\"hsl({},65%,42%)\"", hue(first_label(sender)))
                      : "class=\"after\"";
    out_ += fmt::format(
        "<path d=\"M{:.1f} {:.1f}C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}\" {} "
        "marker-end=\"url(#tip)\"/>\n",
        from.x, from.y, from.x, from.y + bend, to.x, to.y - bend, to.x, to.y, look);
  }

  void draw_box(const Picture::Box& box) {
    const Point at = top(box);
    const int colour = hue(first_label(box));
    out_ += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"4\" "
        "fill=\"hsl({},70%,93%)\" "
        "stroke=\"hsl({},55%,45%)\" stroke-width=\"{}\"/>\n",
        at.x - box_width_ / 2, at.y, box_width_, box_height, colour, colour, box.step->completes ? 2.5 : 1);
    text({at.x, at.y + 15}, "mid", first_line(box));
    text({at.x, at.y + 29}, "mid", second_line(box));
  }

  int first_label(const Picture::Box& box) const {
    const Chunks& chunks = box.step->extent();
    const std::vector<int>& labels = plans_[static_cast<size_t>(box.rank)].labels_of(chunks.buffer);
    const auto at = static_cast<size_t>(chunks.first);
    return at < labels.size() ? labels[at] : 0;
  }

  const std::vector<Plan>& plans_;
  Picture picture_;
  double box_width_ = 0;
  double width_ = 0;
  double height_ = 0;
  std::vector<double> lanes_;  ///< Left edge of each rank's lane.
  std::string out_;
};

}  // namespace

std::string draw_svg(const std::vector<Plan>& plans) { return Svg(plans).draw(); }

}  // namespace bccl
