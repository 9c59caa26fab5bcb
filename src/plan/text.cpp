#include "plan/text.h"

#include "plan/layout.h"
#include "plan/wiring.h"

namespace bccl {
namespace {

/// "0..3 7 8 9": runs of three and more that rise by one are written as ranges.
std::string list(const std::vector<int>& values) {
  std::string out;
  for (size_t at = 0; at < values.size();) {
    size_t end = at + 1;
    while (end < values.size() && values[end] - 1 == values[end - 1]) ++end;
    if (end - at < 3) end = at + 1;
    out += fmt::format(" {}", values[at]);
    if (end - at > 1) out += fmt::format("..{}", values[end - 1]);
    at = end;
  }
  return out;
}

std::string text(const Chunks& chunks) {
  if (chunks.count == 1) return fmt::format("{}[{}]", name_of(chunks.buffer), chunks.first);
  return fmt::format("{}[{}..{}]", name_of(chunks.buffer), chunks.first, chunks.first + chunks.count - 1);
}

std::string peers(const char* verb, const std::vector<Rank>& ranks, size_t first, size_t end) {
  std::string out = verb;
  for (size_t at = first; at < end; ++at) out += fmt::format(" {}", ranks[at]);
  return out;
}

/// Appends to a list that is "nothing" while it is empty.
void append(std::string& list, const char* separator, const std::string& item) {
  list = list == "nothing" ? item : list + separator + item;
}

std::string text(const Step& step) {
  std::string out = print_inputs(step) + " -> " + print_outputs(step);
  if (step.completes) out += "  completes";
  if (step.after.present()) out += fmt::format("  after {}.{}", step.after.channel, step.after.step);
  return out;
}

}  // namespace

std::string print_inputs(const Step& step) {
  std::string out = "nothing";
  const size_t before = step.from.present() ? static_cast<size_t>(step.from_at) : 0;
  if (before > 0) append(out, " + ", peers("recv", step.recv, 0, before));
  if (step.from.present()) append(out, " + ", text(step.from));
  if (before < step.recv.size()) append(out, " + ", peers("recv", step.recv, before, step.recv.size()));
  return out;
}

std::string print_outputs(const Step& step) {
  std::string out = "nothing";
  if (step.to.present()) append(out, ", ", text(step.to));
  if (!step.send.empty()) append(out, ", ", peers("send", step.send, 0, step.send.size()));
  return out;
}

std::string print(const Plan& plan) {
  std::string out = fmt::format("plan {} {} ranks {} rank {}", name_of(plan.collective), plan.algorithm, plan.ranks,
                                plan.rank);
  if (has_root(plan.collective) || plan.root != 0) out += fmt::format(" root {}", plan.root);
  out += fmt::format(" labels {}", plan.labels);
  if (plan.message_chunks != 1) out += fmt::format(" message_chunks {}", plan.message_chunks);
  out += '\n';
  for (const Buffer buffer : {Buffer::source, Buffer::target, Buffer::scratch})
    if (!plan.labels_of(buffer).empty())
      out += fmt::format("{}{}\n", name_of(buffer), list(plan.labels_of(buffer)));
  for (size_t channel = 0; channel < plan.channels.size(); ++channel) {
    out += fmt::format("channel {}\n", channel);
    for (size_t step = 0; step < plan.channels[channel].size(); ++step)
      out += fmt::format("  {}: {}\n", step, text(plan.channels[channel][step]));
  }
  return out;
}

std::string print(const std::vector<Plan>& plans) {
  std::string out;
  for (const Plan& plan : plans) {
    if (!out.empty()) out += '\n';
    out += print(plan);
  }
  return out;
}

}  // namespace bccl
