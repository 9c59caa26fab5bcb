#include "tools/bccl/plot/chart.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/amounts.h"
#include "base/escape_xml.h"

namespace bccl::tool {
namespace {

// Lengths in SVG user units, about one screen pixel each.
constexpr double panel_width = 460, panel_height = 340;
constexpr double left = 64, right = 16, top = 40, bottom = 44;
constexpr double legend_height = 18;

constexpr const char* colors[] = {"#c0392b", "#1f6fb2", "#3a9a5b", "#b8860b",
                                  "#7d3c98", "#0e8a8a", "#555555"};
constexpr const char* style =
    "text{font:11px sans-serif;fill:#222}.title{font-size:14px;font-weight:bold}.mid{text-anchor:middle}"
    ".end{text-anchor:end}.grid{stroke:#ddd}.frame{fill:none;stroke:#888}.curve{fill:none;stroke-width:1.8}";

const char* color_of(int number) { return colors[static_cast<size_t>(number) % std::size(colors)]; }

/// From values to lengths along an axis.
class Axis {
 public:
  Axis(double from, double to, bool logarithmic, double length)
      : from_(from), to_(to), logarithmic_(logarithmic), length_(length) {}

  double at(double value) const {
    return length_ *
           (logarithmic_ ? std::log(value / from_) / std::log(to_ / from_) : (value - from_) / (to_ - from_));
  }

  /// Where lines of the grid go: powers of the base, or round numbers.
  std::vector<double> ticks(double base) const {
    std::vector<double> found;
    if (logarithmic_)
      for (double tick = from_; tick <= to_ * 1.001; tick *= base) found.push_back(tick);
    const double step = logarithmic_ ? 0 : round_step(to_ / 5);
    for (double tick = 0; step > 0 && tick <= to_ * 1.001; tick += step) found.push_back(tick);
    return found;
  }

 private:
  static double round_step(double least) {
    const double power = std::pow(10, std::floor(std::log10(least)));
    for (const double factor : {1.0, 2.0, 5.0})
      if (factor * power >= least) return factor * power;
    return 10 * power;
  }

  double from_, to_;
  bool logarithmic_;
  double length_;
};

double power_below(double value, double base) {
  return std::pow(base, std::floor(std::log(value) / std::log(base) + 1e-9));
}
double power_above(double value, double base) {
  return std::pow(base, std::ceil(std::log(value) / std::log(base) - 1e-9));
}

struct Range {
  double from = 0;
  double to = 0;
  void take(double value) {
    from = from == 0 ? value : std::min(from, value);
    to = std::max(to, value);
  }
};

/// At least a power of the base wide.
Axis logarithmic_axis(const Range& range, double base, double length) {
  const double from = power_below(range.from, base);
  return {from, std::max(power_above(range.to, base), from * base), true, length};
}

constexpr double plot_width = panel_width - left - right, plot_height = panel_height - top - bottom;
constexpr double size_base = 2, value_base = 10;

std::string draw_axes(const Panel& panel, const Axis& across, const Axis& up) {
  std::string out = fmt::format("<text class=\"title\" x=\"0\" y=\"-14\">{}</text>\n", escape_xml(panel.title));
  const std::vector<double> sizes = across.ticks(size_base);
  const size_t stride = sizes.size() / 8 + 1;
  for (size_t i = 0; i < sizes.size(); i += stride)
    out += fmt::format(
        "<path class=\"grid\" d=\"M{0:.1f} 0V{1}\"/><text class=\"mid\" x=\"{0:.1f}\" y=\"{2}\">{3}</text>\n",
        across.at(sizes[i]), plot_height, plot_height + 16, bytes_text(std::llround(sizes[i])));
  for (const double tick : up.ticks(value_base))
    out += fmt::format(
        "<path class=\"grid\" d=\"M0 {0:.1f}H{1}\"/><text class=\"end\" x=\"-6\" "
        "y=\"{2:.1f}\">{3:.6g}</text>\n",
        plot_height - up.at(tick), plot_width, plot_height - up.at(tick) + 4, tick);
  return out + fmt::format("<rect class=\"frame\" width=\"{}\" height=\"{}\"/>\n", plot_width, plot_height);
}

std::string draw_curve(const Curve& curve, const Axis& across, const Axis& up) {
  std::string path, dots;
  for (const ChartPoint& point : curve.points) {
    const double x = across.at(point.x), y = plot_height - up.at(point.y);
    path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x, y);
    if (!curve.dashed)
      dots += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\" fill=\"{}\"/>", x, y,
                          color_of(curve.color));
  }
  return fmt::format("<path class=\"curve\" stroke=\"{}\"{} d=\"{}\"/>{}\n", color_of(curve.color),
                     curve.dashed ? " stroke-dasharray=\"4 3\"" : "", path, dots);
}

std::string draw_panel(const Panel& panel) {
  Range sizes, values;
  for (const Curve& curve : panel.curves)
    for (const ChartPoint& point : curve.points) sizes.take(point.x), values.take(point.y);
  if (sizes.to == 0) return "";
  const Axis across = logarithmic_axis(sizes, size_base, plot_width);
  const Axis up = panel.logarithmic ? logarithmic_axis(values, value_base, plot_height)
                                    : Axis(0, values.to * 1.05, false, plot_height);
  std::string out = draw_axes(panel, across, up);
  for (const Curve& curve : panel.curves) out += draw_curve(curve, across, up);
  return out;
}

}  // namespace

std::string draw_chart(const std::vector<Panel>& panels, const std::vector<Legend>& legends) {
  const double width = panel_width * static_cast<double>(panels.size());
  const double height = panel_height + legend_height * static_cast<double>(legends.size()) + 10;
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} "
      "{1:.0f}\">\n"
      "<style>{2}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
      width, height, style);
  for (size_t i = 0; i < panels.size(); ++i)
    out += fmt::format("<g transform=\"translate({:.0f} {:.0f})\">\n{}</g>\n",
                       panel_width * static_cast<double>(i) + left, top, draw_panel(panels[i]));
  double y = panel_height + 4;
  for (const Legend& legend : legends) {
    out += fmt::format(
        "<path class=\"curve\" stroke=\"{0}\" d=\"M{1} {2:.0f}h24\"/><text x=\"{3}\" "
        "y=\"{4:.0f}\">{5}</text>\n",
        color_of(legend.color), left, y, left + 32, y + 4, escape_xml(legend.text));
    y += legend_height;
  }
  return out + "</svg>\n";
}

}  // namespace bccl::tool
