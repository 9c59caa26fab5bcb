/// What the drawings of a set of plans share: where each step stands in time, and which arrows join them.
/// A value that points into the plans; they must outlive it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace bccl {

struct Picture {
  struct Box {
    Rank rank = 0;
    int channel = 0;
    int number = 0;  ///< Of the step in its channel.
    int row = 0;     ///< Later than all that the step waits for, if the plans can be joined and run.
    const Step* step = nullptr;
  };

  struct Arrow {
    size_t from = 0;  ///< Boxes.
    size_t to = 0;
    bool message = true;  ///< Otherwise an `after` edge.
  };

  std::string title;
  std::string fault;  ///< Why there are no messages, or no times; empty for plans that run.
  int rows = 0;
  std::vector<Box> boxes;  ///< Rank by rank, channel by channel.
  std::vector<Arrow> arrows;

  static Picture of(const std::vector<Plan>& plans);
};

/// The labels that a step moves: "2", "0..3" or "1,5,9".
std::string labels_moved(const Plan& plan, const Step& step);

}  // namespace bccl
