/// Curves in panels side by side over one logarithmic axis of sizes, as a self-contained SVG document. Values, and one
/// pure function.
#pragma once

#include <string>
#include <vector>

namespace bccl::tool {

struct ChartPoint {
  double x;
  double y;
};

struct Curve {
  int color = 0;  ///< Of the curves of one run; any number.
  bool dashed = false;
  std::vector<ChartPoint> points;  ///< Ascending in x, all positive.
};

struct Panel {
  std::string title;
  bool logarithmic = false;  ///< The upward axis; else it begins at 0.
  std::vector<Curve> curves;
};

struct Legend {
  int color = 0;
  std::string text;
};

std::string draw_chart(const std::vector<Panel>& panels, const std::vector<Legend>& legends);

}  // namespace bccl::tool
