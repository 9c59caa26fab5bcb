#include "plan/picture.h"

#include <algorithm>

#include "plan/proofs.h"

namespace bccl {
namespace {

/// Without messages, time is the step's number.
void add_boxes(const std::vector<Plan>& plans, Picture& picture) {
  for (size_t rank = 0; rank < plans.size(); ++rank) {
    for (size_t channel = 0; channel < plans[rank].channels.size(); ++channel) {
      int number = 0;
      for (const Step& step : plans[rank].channels[channel]) {
        picture.boxes.push_back({static_cast<Rank>(rank), static_cast<int>(channel), number, number, &step});
        ++number;
      }
    }
  }
}

void add_arrows(const Wiring& wiring, Picture& picture) {
  for (StepId id = 0; id < wiring.steps(); ++id) {
    if (wiring.after(id) != no_id) picture.arrows.push_back({wiring.after(id), id, false});
    for (const MessageId message : wiring.received(id))
      picture.arrows.push_back({wiring.message(message).sender, id, true});
  }
}

/// A step's row is one below everything it waits for.
void set_rows(const Wiring& wiring, const std::vector<StepId>& order, Picture& picture) {
  for (const StepId id : order) {
    int& row = picture.boxes[id].row;
    row = 0;
    const auto below = [&](StepId other) { row = std::max(row, picture.boxes[other].row + 1); };
    if (id > wiring.channel_of(id).first) below(id - 1);
    if (wiring.after(id) != no_id) below(wiring.after(id));
    for (const MessageId message : wiring.received(id)) below(wiring.message(message).sender);
  }
}

/// Boxes have the numbers that a Wiring gives to steps.
Status join(const std::vector<Plan>& plans, Picture& picture) {
  BCCL_TRY(check_bounds(plans));
  const Wiring wiring = BCCL_TRY(Wiring::make(plans));
  add_arrows(wiring, picture);
  const std::vector<StepId> order = BCCL_TRY(order_with_one_slot(wiring));
  set_rows(wiring, order, picture);
  return {};
}

}  // namespace

Picture Picture::of(const std::vector<Plan>& plans) {
  Picture picture;
  if (plans.empty()) return picture;
  picture.title = title_of(plans[0]);
  add_boxes(plans, picture);
  picture.fault = join(plans, picture).sentence();
  for (const Box& box : picture.boxes) picture.rows = std::max(picture.rows, box.row + 1);
  return picture;
}

std::string labels_moved(const Plan& plan, const Step& step) {
  const int* first = plan.labels_of(step.extent().buffer).data() + step.extent().first;
  const int* end = first + step.extent().count;
  std::string out;
  while (first < end) {
    const int* last = first;  // of a run that rises by one
    while (last + 1 < end && last[1] == *last + 1) ++last;
    out += fmt::format("{}{}", out.empty() ? "" : ",", *first);
    if (last > first) out += fmt::format("..{}", *last);
    first = last + 1;
  }
  return out;
}

}  // namespace bccl
