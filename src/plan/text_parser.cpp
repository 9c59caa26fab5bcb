#include <climits>

#include "plan/text.h"
#include "plan/tokens.h"
#include "plan/wiring.h"

namespace bccl {
namespace {

/// A range such as 0..999999999 is short to write. This bounds the chunks that one text may name in its
/// layouts: enough for every catalogue plan of 1024 ranks.
constexpr size_t layout_chunks_max = size_t{1} << 24;

constexpr Buffer buffers[buffer_count] = {Buffer::source, Buffer::target, Buffer::scratch};

class Parser {
 public:
  explicit Parser(std::string_view text) : tokens_(text) {}

  Result<std::vector<Plan>> plans() {
    std::vector<Plan> plans;
    tokens_.skip_empty_lines();
    while (!tokens_.at_end()) plans.push_back(BCCL_TRY(plan()));
    return plans;
  }

 private:
  Result<Plan> plan() {
    Plan plan;
    BCCL_TRY(header(plan));
    for (const Buffer buffer : buffers) {
      if (!tokens_.try_word(name_of(buffer))) continue;
      BCCL_TRY(layout(plan.layout[static_cast<int>(buffer)]));
      BCCL_TRY(tokens_.end_line());
    }
    while (tokens_.try_word("channel")) {
      BCCL_TRY(tokens_.index("channel", plan.channels.size()));
      BCCL_TRY(tokens_.end_line());
      Channel& channel = plan.channels.emplace_back();
      while (tokens_.at_number()) {
        BCCL_TRY(tokens_.index("step", channel.size()));
        BCCL_TRY(tokens_.sign(":"));
        channel.push_back(BCCL_TRY(step()));
        BCCL_TRY(tokens_.end_line());
      }
    }
    return plan;
  }

  Status header(Plan& plan) {
    BCCL_TRY(tokens_.word("plan"));
    BCCL_TRY(collective(plan.collective));
    plan.algorithm = BCCL_TRY(tokens_.any_word("the algorithm's name"));
    BCCL_TRY(tokens_.word("ranks"));
    plan.ranks = BCCL_TRY(tokens_.number("the number of ranks"));
    BCCL_TRY(tokens_.word("rank"));
    plan.rank = BCCL_TRY(tokens_.number("a rank"));
    if (tokens_.try_word("root")) plan.root = BCCL_TRY(tokens_.number("the root's rank"));
    BCCL_TRY(tokens_.word("labels"));
    plan.labels = BCCL_TRY(tokens_.number("the number of labels"));
    if (tokens_.try_word("message_chunks"))
      plan.message_chunks = BCCL_TRY(tokens_.number("the most chunks in a message"));
    return tokens_.end_line();
  }

  Status collective(Collective& collective) {
    for (int at = 0; at < collective_count; ++at) {
      collective = static_cast<Collective>(at);
      if (tokens_.try_word(name_of(collective))) return {};
    }
    return tokens_.expected("the name of a collective");
  }

  Status layout(std::vector<int>& labels) {
    while (tokens_.at_number()) {
      const auto [first, last] = BCCL_TRY(range("a label"));
      const size_t count = static_cast<size_t>(last - first) + 1;
      if (count > layout_chunks_max - layout_chunks_)
        return tokens_.expected(fmt::format("no more than {} chunks in all", layout_chunks_max));
      layout_chunks_ += count;
      for (size_t at = 0; at < count; ++at) labels.push_back(first + static_cast<int>(at));
    }
    return {};
  }

  struct Range {
    int first = 0;
    int last = 0;
  };

  /// "2" or "2..5", both ends included.
  Result<Range> range(std::string_view meaning) {
    const int first = BCCL_TRY(tokens_.number(meaning));
    if (!tokens_.try_sign("..")) return Range{first, first};
    const Tokens before = tokens_;
    const int last = BCCL_TRY(tokens_.number(meaning));
    if (last < first) return before.expected(fmt::format("the range's last number, {} or more", first));
    return Range{first, last};
  }

  Result<Step> step() {
    Step step;
    if (!tokens_.try_word("nothing")) {
      do BCCL_TRY(input(step));
      while (tokens_.try_sign("+"));
    }
    BCCL_TRY(tokens_.sign("->"));
    if (!tokens_.try_word("nothing")) {
      do BCCL_TRY(output(step));
      while (tokens_.try_sign(","));
    }
    step.completes = tokens_.try_word("completes");
    if (tokens_.try_word("after")) {
      step.after.channel = BCCL_TRY(tokens_.number("a channel"));
      BCCL_TRY(tokens_.sign("."));
      step.after.step = BCCL_TRY(tokens_.number("a step"));
    }
    return step;
  }

  Status input(Step& step) {
    if (tokens_.try_word("recv")) return peers(step.recv);
    if (step.from.present()) return tokens_.expected("recv (only one input can be local)");
    step.from_at = static_cast<int>(step.recv.size());
    return chunks(step.from, "recv or a buffer");
  }

  Status output(Step& step) {
    if (tokens_.try_word("send")) return peers(step.send);
    if (step.to.present()) return tokens_.expected("send (only one output can be local)");
    return chunks(step.to, "send or a buffer");
  }

  Status peers(std::vector<Rank>& ranks) {
    do ranks.push_back(BCCL_TRY(tokens_.number("a rank")));
    while (tokens_.at_number());
    return {};
  }

  Status chunks(Chunks& chunks, std::string_view expected) {
    for (const Buffer buffer : buffers) {
      if (!tokens_.try_word(name_of(buffer))) continue;
      BCCL_TRY(tokens_.sign("["));
      const auto [first, last] = BCCL_TRY(range("a chunk"));
      if (last - first == INT_MAX) return tokens_.expected(fmt::format("fewer than {} chunks", INT_MAX));
      chunks = {buffer, first, last - first + 1};
      return tokens_.sign("]");
    }
    return tokens_.expected(expected);
  }

  Tokens tokens_;
  size_t layout_chunks_ = 0;  ///< Named by the text so far.
};

}  // namespace

Result<std::vector<Plan>> parse_plans(std::string_view text) { return Parser(text).plans(); }

}  // namespace bccl
