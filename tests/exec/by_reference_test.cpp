// Operations whose messages refer to the caller's memory: exact like all others, and done only when nobody reads there.
#include <random>

#include <catch2/catch.hpp>

#include "../support/sanitized.h"
#include "ensemble.h"
#include "transport/decorators/delayed.h"
#include "transport/decorators/traced.h"

namespace bccl::test {
namespace {

constexpr size_t slice_bytes = 8192;    ///< Long enough to be referred to.
constexpr size_t elements = 3 * 5 * slice_bytes;  ///< Of a call; several windows for every algorithm.

/// How many messages of a run were sent by reference, and how many by value.
struct Sent {
  size_t by_reference = 0;
  size_t by_value = 0;
};

Sent run(const EnsembleShape& shape, double delay_probability = 0) {
  std::vector<std::shared_ptr<Trace>> traces;
  Ensemble ensemble(shape, [&](std::unique_ptr<Endpoint> endpoint, int rank) {
    traces.push_back(std::make_shared<Trace>(100'000));
    endpoint = delayed(std::move(endpoint), {.seed = Catch::rngSeed() + uint64_t(rank), .probability = delay_probability});
    return traced(std::move(endpoint), rank, traces.back());
  });
  INFO(ensemble.name() << ", seed " << Catch::rngSeed());
  const bool has_blocks = blocks_of(shape.collective, shape.ranks) > 1;
  CHECK(ensemble.run(has_blocks ? elements / size_t(shape.ranks) : elements, 2, Catch::rngSeed()) == "");
  Sent sent;
  for (const auto& trace : traces)
    for (const Trace::Record& record : trace->records()) {
      sent.by_reference += record.event == Trace::Event::refer;
      sent.by_value += record.event == Trace::Event::commit;
    }
  return sent;
}

TEST_CASE("Every algorithm gives what it should while its messages refer to the caller's memory") {
  for (const Algorithm& algorithm : algorithms())
    for (const int ranks : sanitized ? std::vector{2, 5} : std::vector{2, 5, 8})
      for (const bool in_place : {false, true}) {
        if (algorithm.collective == Collective::barrier || (in_place && !may_be_in_place(algorithm.collective))) continue;
        const Sent sent = run({.algorithm = algorithm.name,
                               .ranks = ranks,
                               .lanes = 2,
                               .slice_bytes = slice_bytes,
                               .in_place = in_place,
                               .collective = algorithm.collective},
                              0.4);
        INFO(name_of(algorithm.collective) << ' ' << algorithm.name << ", " << ranks << " ranks" << (in_place ? ", in place" : ""));
        const bool may = algorithm.references == References::in_place ||
                         (algorithm.references == References::apart && !in_place);
        // What covers several chunks lies in one piece only where there is one window: here it goes by value.
        const bool in_pieces = algorithm.build({.ranks = ranks, .groups = {}}, 0).message_chunks > 1;
        if (!may || !in_pieces) CHECK((sent.by_reference > 0) == may);
      }
}

TEST_CASE("One-shot and direct between two ranks send nothing by value but what lies nowhere") {
  for (const char* algorithm : {"one_shot", "direct", "ring"}) {
    INFO(algorithm);
    CHECK(run({.algorithm = algorithm, .ranks = 2, .slice_bytes = slice_bytes}).by_value == 0);
  }
}

TEST_CASE("A call whose memory a peer still refers to is not done, and says whom it waits for") {
  Ensemble ensemble({.algorithm = "one_shot", .ranks = 2, .slices_max = 8, .slice_bytes = slice_bytes});
  constexpr size_t count = slice_bytes / sizeof(int32_t);
  const Recipe recipes[] = {ensemble.recipe(0, count), ensemble.recipe(1, count)};
  // Rank 1 sends, and takes nothing yet: what it receives from comes from rank 0 alone.
  ensemble.start(1, recipes[1], count, 0);
  CHECK(ensemble.operation(1).advance() == Progress::some);
  ensemble.start(0, recipes[0], count, 0);
  CHECK(ensemble.operation(0).advance() != Progress::done);
  CHECK(ensemble.operation(0).advance() == Progress::none);
  CHECK(ensemble.operation(0).waits_for(1));
  CHECK_THAT(ensemble.operation(0).describe_wait(), Catch::Contains("until rank 1 has read"));
  CHECK_FALSE(ensemble.operation(0).can_move());
  CHECK(ensemble.operation(1).read_lent() == false);
  while (ensemble.operation(1).advance() != Progress::done) {}
  CHECK(ensemble.operation(1).read_lent());
  CHECK(ensemble.operation(0).can_move());
  CHECK(ensemble.operation(0).advance() == Progress::done);
  CHECK(ensemble.fault(0, count, 0) == "");
  CHECK(ensemble.fault(1, count, 0) == "");
}

TEST_CASE("What is received into place reduces exactly in algorithms of all kinds") {
  // The mailbox places every slice of even size; delays let the same slice be asked for again and again.
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce)) {
    INFO(algorithm.name);
    run({.algorithm = algorithm.name, .ranks = 4, .lanes = 3, .slice_bytes = 1024}, 0.6);
  }
}

}  // namespace
}  // namespace bccl::test
