// Calls on memory that peers map: the same results as on any memory, whoever's it is and in place or not, and nothing of it
// goes through staging memory.
#include <cstring>

#include <catch2/catch.hpp>

#include "case_calls.h"
#include "memory/allocations.h"
#include "team.h"
#include "transport/decorators/traced.h"

namespace bccl::test {
namespace {

constexpr size_t elements = 40'000;  ///< Of every block: several slices, and more than one-shot is for.
constexpr int rounds = 3;            ///< Peers map what is new in the first ones.

Status meet(Communicator& communicator) {
  const std::byte nothing{};
  std::byte somewhere{};
  return communicator.run({.collective = Collective::barrier,
                           .source = &nothing,
                           .target = &somewhere,
                           .count = 1,
                           .type = DataType::uint8,
                           .reduction = {.op = ReduceOp::max}});
}

std::string trouble_on(Communicator& communicator, const CollectiveCase& one, int32_t* memory) {
  const int rank = communicator.rank();
  for (uint32_t round = 0; round < rounds; ++round) {
    CaseBuffers buffers = buffers_of(one, rank, round);
    const size_t bytes = buffers.memory.size() * sizeof(int32_t);
    std::memcpy(memory, buffers.memory.data(), bytes);
    Status ran = communicator.run(call_of(one, buffers, memory));
    if (ran.ok()) ran = meet(communicator);  // who only sends would be through before anyone had mapped anything
    if (!ran.ok()) return ran.sentence();
    std::memcpy(buffers.memory.data(), memory, bytes);
    if (const std::string wrong = fault(one, rank, buffers, round); !wrong.empty()) return wrong;
  }
  return {};
}

/// On memory of bcclMemAlloc, or private memory.
std::string trouble_in(Communicator& communicator, const CollectiveCase& one, bool lends) {
  const size_t count = buffers_of(one, communicator.rank()).memory.size();
  if (!lends) return trouble_on(communicator, one, std::vector<int32_t>(count).data());
  const Result<std::byte*> memory = allocate_shared(count * sizeof(int32_t));
  if (!memory.ok()) return memory.sentence();
  const std::string trouble = trouble_on(communicator, one, reinterpret_cast<int32_t*>(memory.value()));
  const Status freed = free_shared(memory.value());
  return freed.ok() ? trouble : freed.sentence();
}

/// A team that counts the messages that each rank sends by reference.
struct CountedTeam {
  explicit CountedTeam(int ranks) : traces(size_t(ranks)), team(ranks, test_settings(), [this](auto endpoint, int rank) {
    traces[size_t(rank)] = std::make_shared<Trace>(100'000);
    return traced(std::move(endpoint), rank, traces[size_t(rank)]);
  }) {}

  size_t referred(int rank) const {
    size_t count = 0;
    for (const Trace::Record& record : traces[size_t(rank)]->records()) count += record.event == Trace::Event::refer;
    return count;
  }

  std::vector<std::shared_ptr<Trace>> traces;
  Team team;
};

/// Whether it sends anything of its caller's.
bool gives(const CollectiveCase& one, int rank) {
  const bool at_root = rank == one.root;
  if (one.collective == Collective::broadcast || one.collective == Collective::scatter) return at_root;
  if (one.collective == Collective::reduce || one.collective == Collective::gather) return !at_root;
  return true;
}

TEST_CASE("Every collective on memory that peers map lends it, whosever it is, in place or not") {
  constexpr int ranks = 2;
  const int private_rank = GENERATE(-1, 0, 1);
  CountedTeam counted(ranks);
  for (const Collective collective : with_data)
    for (const bool in_place : {false, true}) {
      if (in_place && !may_be_in_place(collective)) continue;
      const CollectiveCase one{collective, ranks, 1, equal_counts(collective, ranks, elements), false, in_place};
      INFO(describe(one) << ", private memory on rank " << private_rank);
      const size_t before[ranks] = {counted.referred(0), counted.referred(1)};
      const Outcomes outcomes = counted.team.each([&](Communicator& communicator) -> Status {
        const std::string trouble = trouble_in(communicator, one, communicator.rank() != private_rank);
        return trouble.empty() ? Status{} : Status(fail(Code::internal_error, "{}", trouble));
      });
      INFO(troubles(outcomes));
      CHECK(troubles(outcomes).empty());
      for (int rank = 0; rank < ranks; ++rank) {
        INFO("rank " << rank);
        CHECK((counted.referred(rank) > before[rank]) == (rank != private_rank && gives(one, rank)));
      }
    }
}

}  // namespace
}  // namespace bccl::test
