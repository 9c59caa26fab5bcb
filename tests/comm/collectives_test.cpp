// Every collective as a whole, over shared memory: each rank's result against what the collective means, in place and not,
// with equal and unequal blocks.
#include <numeric>
#include <random>
#include <set>

#include <catch2/catch.hpp>

#include "../support/sanitized.h"
#include "algos/catalogue.h"
#include "team.h"

namespace bccl::test {
namespace {

using Numbers = std::vector<int32_t>;

/// Element `index` of what rank `from` gives (to rank `to`, where it gives each rank something of its own).
int32_t given(int from, int to, size_t index) {
  return static_cast<int32_t>(size_t(from) * 1'000'003 + size_t(to) * 10'007 + index * 7);
}

int32_t sum_over_ranks(int ranks, int to, size_t index) {
  uint32_t sum = 0;
  for (int rank = 0; rank < ranks; ++rank) sum += static_cast<uint32_t>(given(rank, to, index));
  return static_cast<int32_t>(sum);
}

struct Case {
  Collective collective;
  int ranks;
  int root = 0;
  std::vector<size_t> counts;  ///< By block; of all_to_all by (sender, receiver).
  bool variable = false;
  bool in_place = false;

  size_t count_of(int block) const { return counts[size_t(block)]; }
};

/// One rank's buffers, blocks one after another.
struct Buffers {
  Numbers memory;  ///< Of both.
  size_t source = 0;
  size_t target = 0;
  std::vector<size_t> source_counts;
  std::vector<size_t> target_counts;
};

std::vector<size_t> counts_of(const Case& one, const std::vector<int>& blocks) {
  std::vector<size_t> counts;
  for (const int block : blocks) counts.push_back(one.count_of(block));
  return counts;
}

size_t sum(const std::vector<size_t>& counts) { return std::accumulate(counts.begin(), counts.end(), size_t{0}); }

/// Where a block that both buffers hold begins, in elements from the beginning of the one that holds more.
size_t place_of(const std::vector<int>& blocks, const std::vector<size_t>& counts, int block) {
  size_t at = 0;
  for (size_t k = 0; k < blocks.size() && blocks[k] != block; ++k) at += counts[k];
  return at;
}

Buffers buffers_of(const Case& one, int rank) {
  const Layout held = layout_of({one.collective, one.ranks, one.root, 1}, rank);
  Buffers buffers;
  buffers.source_counts = counts_of(one, held.source);
  buffers.target_counts = counts_of(one, held.target);
  const size_t source = sum(buffers.source_counts);
  const size_t target = sum(buffers.target_counts);
  const bool shares = one.in_place && !held.source.empty() && !held.target.empty();
  if (!shares) {
    buffers.target = source;
  } else if (held.source.size() == 1) {
    buffers.source = place_of(held.target, buffers.target_counts, held.source[0]);
  } else {
    buffers.target = place_of(held.source, buffers.source_counts, held.target[0]);
  }
  buffers.memory.assign(source + target, -1);
  size_t at = buffers.source;
  for (size_t k = 0; k < held.source.size(); ++k) {
    // A block for one rank alone differs from those for others; what all get does not.
    const int to = one.collective == Collective::all_to_all ? held.source[k] % one.ranks : held.source[k];
    for (size_t i = 0; i < buffers.source_counts[k]; ++i) buffers.memory[at++] = given(rank, to, i);
  }
  return buffers;
}

/// What is wrong with the rank's result; empty if nothing.
std::string fault(const Case& one, int rank, const Buffers& buffers) {
  const Layout held = layout_of({one.collective, one.ranks, one.root, 1}, rank);
  size_t at = buffers.target;
  for (size_t k = 0; k < held.target.size(); ++k) {
    const int block = held.target[k];
    for (size_t i = 0; i < buffers.target_counts[k]; ++i, ++at) {
      int32_t wanted = 0;
      if (combines(one.collective))
        wanted = sum_over_ranks(one.ranks, block, i);
      else if (one.collective == Collective::all_to_all)
        wanted = given(block / one.ranks, rank, i);
      else if (one.collective == Collective::all_gather || one.collective == Collective::gather)
        wanted = given(block, block, i);
      else
        wanted = given(one.root, block, i);
      if (buffers.memory[at] != wanted)
        return fmt::format("rank {}: element {} of block {} is {}, not {}", rank, i, block, buffers.memory[at], wanted);
    }
  }
  return {};
}

Call call_of(const Case& one, Buffers& buffers) {
  Call call{.collective = one.collective,
            .source = buffers.memory.data() + buffers.source,
            .target = buffers.memory.data() + buffers.target,
            .count = one.variable ? 0 : one.counts[0],
            .type = DataType::int32,
            .reduction = {.op = ReduceOp::sum},
            .root = one.root};
  if (one.variable) {
    call.variable = true;
    call.source_blocks = {buffers.source_counts.data(), nullptr};
    call.target_blocks = {buffers.target_counts.data(), nullptr};
  }
  return call;
}

void check(Team& team, const Case& one) {
  INFO(name_of(one.collective) << ", " << one.ranks << " ranks, root " << one.root << ", first count " << one.counts[0]
                               << (one.variable ? ", variable" : "") << (one.in_place ? ", in place" : ""));
  const Outcomes outcomes = team.each([&](Communicator& communicator) -> Status {
    Buffers buffers = buffers_of(one, communicator.rank());
    BCCL_TRY(communicator.run(call_of(one, buffers)));
    const std::string wrong = fault(one, communicator.rank(), buffers);
    return wrong.empty() ? Status{} : Status(fail(Code::internal_error, "{}", wrong));
  });
  INFO(troubles(outcomes));
  CHECK(troubles(outcomes).empty());
}

constexpr Collective with_data[] = {Collective::all_reduce, Collective::all_gather,     Collective::reduce_scatter,
                                    Collective::broadcast,  Collective::reduce,         Collective::gather,
                                    Collective::scatter,    Collective::all_to_all};

std::vector<int> roots_of(Collective collective, int ranks) {
  if (!has_root(collective)) return {0};
  return ranks == 1 ? std::vector<int>{0} : std::vector<int>{0, ranks - 1};
}

TEST_CASE("Every collective does what it says, with equal blocks") {
  for (const int ranks : {1, 2, 3, 5}) {
    Team team(ranks);
    for (const Collective collective : with_data)
      for (const int root : roots_of(collective, ranks))
        for (const size_t count : {size_t{1}, size_t{17}, size_t{1000}, size_t{sanitized ? 20'000 : 100'003}})
          for (const bool in_place : {false, true}) {
            if (in_place && !may_be_in_place(collective)) continue;
            const auto blocks = static_cast<size_t>(blocks_of(collective, ranks));
            check(team, {collective, ranks, root, std::vector<size_t>(blocks, count), false, in_place});
          }
  }
}

TEST_CASE("Every collective of several blocks takes unequal ones, empty ones among them") {
  std::mt19937_64 random(Catch::rngSeed());
  INFO("seed " << Catch::rngSeed());
  for (const int ranks : {1, 2, 3, 5}) {
    Team team(ranks);
    for (const Collective collective : with_data) {
      const auto blocks = static_cast<size_t>(blocks_of(collective, ranks));
      if (collective == Collective::all_reduce || collective == Collective::broadcast || collective == Collective::reduce)
        continue;
      for (const int root : roots_of(collective, ranks))
        for (int draw = 0; draw < 4; ++draw) {
          std::vector<size_t> counts;
          for (size_t block = 0; block < blocks; ++block)
            counts.push_back(random() % 3 == 0 ? 0 : random() % (draw == 3 ? 50'000 : 100));
          check(team, {collective, ranks, root, counts, true, draw % 2 == 1 && may_be_in_place(collective)});
        }
    }
  }
}

std::vector<std::string> names_of_algorithms() {
  std::set<std::string> names;
  for (const Algorithm& algorithm : algorithms()) names.emplace(algorithm.name);
  return {names.begin(), names.end()};
}

TEST_CASE("Every algorithm asked for does what it says, on one host and on two, with equal blocks and unequal ones") {
  std::mt19937_64 random(Catch::rngSeed());
  INFO("seed " << Catch::rngSeed());
  const std::string name = GENERATE(from_range(names_of_algorithms()));
  const std::string hosts = GENERATE("aaaaaa", "aabbba");
  INFO(name << " on hosts " << hosts);
  Settings settings = test_settings(name);
  settings.channels = 2;
  Team team(hosts, settings);
  const int ranks = team.ranks();
  for (const Collective collective : with_data) {
    if (find_algorithm(collective, name) == nullptr) continue;
    const auto blocks = static_cast<size_t>(blocks_of(collective, ranks));
    for (const int root : roots_of(collective, ranks))
      for (const bool in_place : {false, true}) {
        if (in_place && !may_be_in_place(collective)) continue;
        for (const size_t count : {size_t{3}, size_t{sanitized ? 5'000 : 40'003}})
          check(team, {collective, ranks, root, std::vector<size_t>(blocks, count), false, in_place});
        std::vector<size_t> counts;
        for (size_t block = 0; block < blocks; ++block) counts.push_back(random() % 3 == 0 ? 0 : random() % 5'000);
        if (blocks > 1) check(team, {collective, ranks, root, counts, true, in_place});
      }
  }
}

TEST_CASE("A weighted all-reduce sums up the same, whatever the shares and the algorithm asked for") {
  const std::vector<std::vector<uint32_t>> shares{{1, 1, 1}, {1, 2, 5}, {0, 0, 1}, {3, 0, 1}};
  const std::string algorithm = GENERATE("", "ring", "halving_doubling", "hierarchical");
  INFO("'" << algorithm << "'");
  Settings settings = test_settings(algorithm);
  settings.channels = 2;
  Team team(3, settings);
  for (const std::vector<uint32_t>& weights : shares)
    for (const size_t count : {size_t{1}, size_t{5000}, size_t{70'001}}) {
      const Outcomes outcomes = team.each([&](Communicator& communicator) -> Status {
        const Case one{Collective::all_reduce, 3, 0, {count}};
        Buffers buffers = buffers_of(one, communicator.rank());
        Call call = call_of(one, buffers);
        call.weights = weights.data();
        BCCL_TRY(communicator.run(call));
        const std::string wrong = fault(one, communicator.rank(), buffers);
        return wrong.empty() ? Status{} : Status(fail(Code::internal_error, "{}", wrong));
      });
      INFO(troubles(outcomes));
      CHECK(troubles(outcomes).empty());
    }
}

TEST_CASE("Nobody leaves a barrier before all have come") {
  Team team(4);
  std::atomic<int> arrived{0};
  for (int round = 1; round <= 20; ++round) {
    const Outcomes outcomes = team.each([&](Communicator& communicator) -> Status {
      static const std::byte nothing{};
      std::byte somewhere{};
      ++arrived;
      BCCL_TRY(communicator.run({.collective = Collective::barrier,
                                 .source = &nothing,
                                 .target = &somewhere,
                                 .count = 1,
                                 .type = DataType::uint8,
                                 .reduction = {.op = ReduceOp::max}}));
      if (arrived.load() < 4 * round) return fail(Code::internal_error, "only {} had come", arrived.load());
      return {};
    });
    INFO(troubles(outcomes));
    CHECK(troubles(outcomes).empty());
  }
}

TEST_CASE("Counts that two ranks have differently are named on every rank, with both numbers") {
  Team team(3);
  const Outcomes outcomes = team.each([&](Communicator& communicator) -> Status {
    const int rank = communicator.rank();
    Numbers memory(200);
    std::vector<size_t> sent(3, 10);
    std::vector<size_t> received(3, 10);
    if (rank == 1) sent[2] = 12;  // rank 2 expects 10
    return communicator.run({.collective = Collective::all_to_all,
                             .source = memory.data(),
                             .target = memory.data() + 100,
                             .type = DataType::int32,
                             .variable = true,
                             .source_blocks = {sent.data(), nullptr},
                             .target_blocks = {received.data(), nullptr}});
  });
  CHECK(outcomes[2].code() == Code::invalid_usage);
  for (const std::string word : {"rank 2 expects 40 bytes", "rank 1", "48"})
    CHECK_THAT(outcomes[2].sentence(), Catch::Contains(word));
}

}  // namespace
}  // namespace bccl::test
