#include "plan/hash.h"

#include "plan/layout.h"
#include "plan/mix.h"

namespace bccl {
namespace {

/// Takes numbers one after another. Every list is preceded by its length, so no two values read alike.
class Hasher {
 public:
  explicit Hasher(uint64_t kind) : state_(kind) {}

  void add(uint64_t value) { state_ = mix(state_ ^ value) + length_++; }
  void add(int value) { add(static_cast<uint64_t>(static_cast<int64_t>(value))); }
  void add(bool value) { add(uint64_t{value}); }

  void add(std::string_view text) {
    add(uint64_t{text.size()});
    for (const char letter : text) add(uint64_t{static_cast<unsigned char>(letter)});
  }

  void add(const std::vector<int>& list) {
    add(uint64_t{list.size()});
    for (const int value : list) add(value);
  }

  void add(const Chunks& chunks) {
    add(static_cast<uint64_t>(chunks.buffer));
    add(chunks.first);
    add(chunks.count);
  }

  void add(const Step& step) {
    add(step.from);
    add(step.to);
    add(step.from_at);
    add(step.recv);
    add(step.send);
    add(step.after.channel);
    add(step.after.step);
    add(step.completes);
  }

  uint64_t value() const { return mix(state_); }

 private:
  uint64_t state_;
  uint64_t length_ = 0;
};

// What is hashed, so that a plan and a shape of the same numbers differ.
constexpr uint64_t kind_plan = 1;
constexpr uint64_t kind_shape = 2;

}  // namespace

uint64_t hash(const Plan& plan) {
  Hasher hasher(kind_plan);
  hasher.add(std::string_view(name_of(plan.collective)));
  hasher.add(std::string_view(plan.algorithm));
  hasher.add(plan.ranks);
  hasher.add(plan.rank);
  if (has_root(plan.collective)) hasher.add(plan.root);
  hasher.add(plan.labels);
  hasher.add(plan.message_chunks);
  for (const std::vector<int>& labels : plan.layout) hasher.add(labels);
  hasher.add(uint64_t{plan.channels.size()});
  for (const Channel& channel : plan.channels) {
    hasher.add(uint64_t{channel.size()});
    for (const Step& step : channel) hasher.add(step);
  }
  return hasher.value();
}

uint64_t hash(Collective collective, std::string_view algorithm, const Shape& shape) {
  Hasher hasher(kind_shape);
  hasher.add(std::string_view(name_of(collective)));
  hasher.add(algorithm);
  hasher.add(shape.ranks);
  hasher.add(shape.channels);
  if (has_root(collective)) hasher.add(shape.root);
  hasher.add(uint64_t{shape.groups.size()});
  for (const std::vector<int>& level : shape.groups) hasher.add(level);
  return hasher.value();
}

}  // namespace bccl
