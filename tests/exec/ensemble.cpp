#include "ensemble.h"

#include <random>

#include <catch2/catch.hpp>

namespace bccl::test {
namespace {

constexpr int lanes_max = 32;
constexpr int64_t stall_rounds =
    100'000;  ///< Without any progress; the delayed decorator says no 8 times at most.

uint32_t signature_of(uint32_t call) { return 0xC0DE0000 + call; }

}  // namespace

Ensemble::Ensemble(const EnsembleShape& shape, const Decorate& decorate) : shape_(shape) {
  const Algorithm* algorithm = find_algorithm(shape.collective, shape.algorithm);
  REQUIRE(algorithm != nullptr);
  Shape of_plan{.ranks = shape.ranks, .channels = shape.channels, .groups = {}, .root = shape.root};
  if (!shape.groups.empty()) of_plan.groups.push_back(shape.groups);
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
  buffers_.resize(size_t(shape.ranks));
}

std::string Ensemble::name() const {
  return fmt::format("{} {}, {} ranks in groups [{}], root {}, {} channels, {} lanes, {} slices of {} bytes{}{}{}",
                     shape_.algorithm, name_of(shape_.collective), shape_.ranks, fmt::join(shape_.groups, " "),
                     shape_.root, shape_.channels, shape_.lanes, shape_.slices_max, shape_.slice_bytes,
                     shape_.weights.empty() ? "" : ", weighted", shape_.variable ? ", variable" : "",
                     shape_.in_place ? ", in place" : "");
}

CollectiveCase Ensemble::case_of(size_t elements) const {
  CollectiveCase one{.collective = shape_.collective,
                     .ranks = shape_.ranks,
                     .root = shape_.root,
                     .counts = equal_counts(shape_.collective, shape_.ranks, elements),
                     .variable = shape_.variable,
                     .in_place = shape_.in_place};
  for (size_t block = 0; shape_.variable && block < one.counts.size(); ++block)
    one.counts[block] = elements * (block % 3) / 2;
  return one;
}

Recipe Ensemble::recipe(int rank, size_t elements) const {
  const BoundPlan& plan = *plans_[size_t(rank)];
  std::vector<uint32_t> weights;
  for (int label = 0; !shape_.weights.empty() && label < plan.plan().labels; ++label)
    weights.push_back(shape_.weights[size_t(label) % shape_.weights.size()]);
  Recipe recipe;
  recipe.plan = &plan;
  GeometryRequest request{elements, sizeof(int32_t), shape_.slice_bytes, weights};
  if (shape_.variable) {
    const CaseBuffers buffers = buffers_of(case_of(elements), rank);
    request.source.counts = buffers.source_counts;
    request.target.counts = buffers.target_counts;
    request.windows_min = 1;
  }
  recipe.geometry = Geometry(plan.plan(), request);
  recipe.element_bytes = sizeof(int32_t);
  recipe.kernel = find_kernel(DataType::int32, may_repeat(shape_.collective) ? Combine::max : Combine::sum, Isa::scalar);
  return recipe;
}

void Ensemble::start(int rank, const Recipe& recipe, size_t elements, uint32_t call) {
  CaseBuffers& buffers = buffers_[size_t(rank)];
  buffers = buffers_of(case_of(elements), rank, call);
  operation(rank).start(recipe, {.source = reinterpret_cast<const std::byte*>(buffers.memory.data() + buffers.source),
                                 .target = reinterpret_cast<std::byte*>(buffers.memory.data() + buffers.target),
                                 .scale = 1.0,
                                 .scale_bits = 1,
                                 .signature = signature_of(call),
                                 .in_place = buffers.shared});
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
  const std::string wrong = test::fault(case_of(elements), rank, buffers_[size_t(rank)], call);
  return wrong.empty() ? "" : fmt::format("call {}: {}", call, wrong);
}

std::string Ensemble::describe_stall() const {
  std::string words;
  for (size_t rank = 0; rank < operations_.size(); ++rank)
    words += fmt::format("[rank {}: {}] ", rank, operations_[rank]->describe_wait());
  return words;
}

}  // namespace bccl::test
