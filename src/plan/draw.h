/// Pictures of a set of plans: ranks side by side, time downwards, arrows for messages. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"

namespace bccl {

std::string draw_ascii(const std::vector<Plan>& plans);
std::string draw_svg(const std::vector<Plan>& plans);  ///< A self-contained SVG document.

}  // namespace bccl
