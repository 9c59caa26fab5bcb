/// Any text either fails to parse or gives plans that survive printing and parsing; and the verifier and the
/// drawings, which meet such plans in `bccl plan`, take whatever a text may say.
#include <cstdint>
#include <cstdlib>

#include "plan/draw.h"
#include "plan/text.h"
#include "plan/verify.h"

namespace {

/// A range such as 0..9999999 costs little text and much time: larger plans are parsed only.
constexpr size_t chunks_max = 4096;

size_t chunks(const std::vector<bccl::Plan>& plans) {
  size_t chunks = 0;
  for (const bccl::Plan& plan : plans)
    for (const std::vector<int>& labels : plan.layout) chunks += labels.size();
  return chunks;
}

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto plans = bccl::parse_plans({reinterpret_cast<const char*>(data), size});
  if (!plans.ok()) {
    require(!plans.sentence().empty());
    return 0;
  }
  if (chunks(plans.value()) > chunks_max) return 0;

  const auto again = bccl::parse_plans(bccl::print(plans.value()));
  require(again.ok());
  require(again.value() == plans.value());

  const bccl::Status status = bccl::verify(plans.value());
  require(status.ok() == status.sentence().empty());
  require(!bccl::draw_ascii(plans.value()).empty());
  require(!bccl::draw_svg(plans.value()).empty());
  return 0;
}
