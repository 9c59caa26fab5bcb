#include "ensemble.h"

#include <random>

#include <catch2/catch.hpp>

namespace bccl::test {
namespace {

constexpr int32_t guard = 0x5a5a5a5a;
constexpr size_t guards = 16;
constexpr int lanes_max = 32;
constexpr int64_t stall_rounds =
    100'000;  ///< Without any progress; the delayed decorator says no 8 times at most.

int32_t input(int rank, size_t index, uint32_t call) {
  return static_cast<int32_t>(index * 7 + static_cast<size_t>(rank) * 1'000'003 + call * 77);
}

/// Wraps as int32 does.
int32_t expected(int ranks, size_t index, uint32_t call) {
  uint32_t sum = 0;
  for (int rank = 0; rank < ranks; ++rank) sum += static_cast<uint32_t>(input(rank, index, call));
  return static_cast<int32_t>(sum);
}

uint32_t signature_of(uint32_t call) { return 0xC0DE0000 + call; }

}  // namespace

Ensemble::Ensemble(const EnsembleShape& shape, const Decorate& decorate) : shape_(shape) {
  const Algorithm* algorithm = find_algorithm(Collective::all_reduce, shape.algorithm);
  REQUIRE(algorithm != nullptr);
  const Shape of_plan{.ranks = shape.ranks, .channels = shape.channels, .groups = {}};
  // Messages of several chunks are a cache line a chunk or more, however small the slice is.
  const auto chunks = static_cast<size_t>(algorithm->build(of_plan, 0).message_chunks);
  endpoints_ = make_mailbox_group(shape.ranks, {.lanes = lanes_max,
                                                .slices_max = shape.slices_max,
                                                .slice_bytes_max = std::max(shape.slice_bytes, 64 * chunks)});
  for (int rank = 0; rank < shape.ranks; ++rank) {
    auto& endpoint = endpoints_[size_t(rank)];
    if (decorate) endpoint = decorate(std::move(endpoint), rank);
    auto bound = BoundPlan::bind(algorithm->build(of_plan, rank), *endpoint, shape.lanes, algorithm->references);
    INFO(bound.sentence());
    REQUIRE(bound.ok());
    plans_.push_back(std::move(bound).value());
    operations_.push_back(std::make_unique<Operation>());
  }
  sources_.resize(size_t(shape.ranks));
  targets_.resize(size_t(shape.ranks));
}

std::string Ensemble::name() const {
  return fmt::format("{}, {} ranks, {} channels, {} lanes, {} slices of {} bytes{}{}", shape_.algorithm,
                     shape_.ranks, shape_.channels, shape_.lanes, shape_.slices_max, shape_.slice_bytes,
                     shape_.weights.empty() ? "" : ", weighted", shape_.in_place ? ", in place" : "");
}

Recipe Ensemble::recipe(int rank, size_t elements) const {
  const BoundPlan& plan = *plans_[size_t(rank)];
  std::vector<uint32_t> weights;
  for (int label = 0; !shape_.weights.empty() && label < plan.plan().labels; ++label)
    weights.push_back(shape_.weights[size_t(label) % shape_.weights.size()]);
  Recipe recipe;
  recipe.plan = &plan;
  recipe.geometry = Geometry(plan.plan(), {elements, sizeof(int32_t), shape_.slice_bytes, weights});
  recipe.element_bytes = sizeof(int32_t);
  recipe.kernel = find_kernel(DataType::int32, Combine::sum, Isa::scalar);
  return recipe;
}

void Ensemble::start(int rank, const Recipe& recipe, size_t elements, uint32_t call) {
  std::vector<int32_t>& source = sources_[size_t(rank)];
  std::vector<int32_t>& target = targets_[size_t(rank)];
  source.resize(elements);
  target.assign(elements + guards, guard);
  int32_t* from = shape_.in_place ? target.data() : source.data();
  for (size_t i = 0; i < elements; ++i) from[i] = input(rank, i, call);
  operation(rank).start(recipe, {.source = reinterpret_cast<const std::byte*>(from),
                                 .target = reinterpret_cast<std::byte*>(target.data()),
                                 .scale = 1.0,
                                 .scale_bits = 1,
                                 .signature = signature_of(call),
                                 .in_place = shape_.in_place});
}

std::string Ensemble::run(size_t elements, int calls, uint64_t seed) {
  std::mt19937_64 random(seed);
  recipes_.clear();
  std::vector<int> call(size_t(ranks()), 0);
  for (int rank = 0; rank < ranks(); ++rank) recipes_.push_back(recipe(rank, elements));
  for (int rank = 0; rank < ranks(); ++rank) start(rank, recipes_[size_t(rank)], elements, 0);
  int finished = 0;
  for (int64_t idle = 0; finished < ranks(); ++idle) {
    if (idle == stall_rounds) return "no progress: " + describe_stall();
    const auto rank = static_cast<int>(random() % size_t(ranks()));
    int& mine = call[size_t(rank)];
    if (mine == calls) continue;
    const Progress progress = operation(rank).advance();
    if (progress == Progress::mismatch) return fmt::format("rank {}: mismatch", rank);
    if (progress != Progress::none) idle = 0;
    if (progress != Progress::done) continue;
    if (const std::string wrong = fault(rank, elements, uint32_t(mine)); !wrong.empty()) return wrong;
    if (++mine == calls)
      ++finished;
    else
      start(rank, recipes_[size_t(rank)], elements, uint32_t(mine));
  }
  return {};
}

std::string Ensemble::fault(int rank, size_t elements, uint32_t call) const {
  const std::vector<int32_t>& target = targets_[size_t(rank)];
  for (size_t i = 0; i < elements; ++i)
    if (target[i] != expected(ranks(), i, call))
      return fmt::format("rank {}, call {}: element {} is {}, not {}", rank, call, i, target[i],
                         expected(ranks(), i, call));
  for (size_t i = elements; i < target.size(); ++i)
    if (target[i] != guard)
      return fmt::format("rank {}: written {} elements past the end", rank, i - elements + 1);
  const std::vector<int32_t>& source = sources_[size_t(rank)];
  for (size_t i = 0; !shape_.in_place && i < elements; ++i)
    if (source[i] != input(rank, i, call))
      return fmt::format("rank {}: source element {} was changed", rank, i);
  return {};
}

std::string Ensemble::describe_stall() const {
  std::string words;
  for (size_t rank = 0; rank < operations_.size(); ++rank)
    words += fmt::format("[rank {}: {}] ", rank, operations_[rank]->describe_wait());
  return words;
}

}  // namespace bccl::test
