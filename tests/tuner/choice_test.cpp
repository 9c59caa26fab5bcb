// The choice: a pure function of shared facts, within what the transport offers.
#include "tuner/choice.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "plan/layout.h"

namespace bccl::test {
namespace {

Facts facts_of(int ranks, int cores = 2) {
  return {.ranks = ranks, .cores = cores, .l3_bytes = 32 << 20, .slice_bytes_max = 65536, .lanes_max = 16};
}

Settings settings_of(const std::string& algorithm) {
  Settings settings;
  settings.algorithm = algorithm;
  return settings;
}

constexpr size_t sizes[] = {0, 1, 8, 1000, 4096, 65536, 1 << 20, size_t{256} << 20, size_t{1} << 40};

TEST_CASE("Equal facts give equal choices") {
  for (const int ranks : {2, 3, 5, 8, 13, 16, 33, 64})
    for (const size_t bytes : sizes) {
      const auto once = choose({.bytes = bytes}, facts_of(ranks), {});
      const auto again = choose({.bytes = bytes}, facts_of(ranks), {});
      REQUIRE(once.ok());
      CHECK(once.value() == again.value());
    }
}

/// Every rank's channels, in all lanes, fit the connections; a slice fits the transport.
void check_fits(const Choice& choice, const Facts& facts) {
  INFO(choice.algorithm->name << ", " << facts.ranks << " ranks, " << choice.shape.channels << " channels, "
                              << choice.lanes << " lanes");
  CHECK(choice.lanes >= 1);
  CHECK(choice.slice_bytes >= 64);
  CHECK(choice.slice_bytes <= facts.slice_bytes_max);
  for (const Plan& plan : build_all(*choice.algorithm, choice.shape)) {
    CHECK(static_cast<int>(plan.channels.size()) * choice.lanes <= facts.lanes_max);
    CHECK(static_cast<size_t>(plan.message_chunks) * 64 <= facts.slice_bytes_max);
  }
}

TEST_CASE("Every choice fits the transport's connections and slices") {
  for (const int ranks : {2, 3, 4, 5, 8, 13, 16, 31, 64})
    for (const size_t bytes : sizes) {
      const auto choice = choose({.bytes = bytes}, facts_of(ranks), {});
      REQUIRE(choice.ok());
      check_fits(choice.value(), facts_of(ranks));
    }
}

TEST_CASE("Every algorithm asked for is taken, with channels asked for, and fits") {
  for (const Algorithm& algorithm : algorithms())
    for (const int ranks : {2, 3, 5, 8, 16})
      for (const int channels : {0, 1, 2, 8}) {
        Settings settings = settings_of(std::string(algorithm.name));
        settings.channels = channels;
        const auto choice = choose({.collective = algorithm.collective, .bytes = 1 << 20}, facts_of(ranks), settings);
        REQUIRE(choice.ok());
        CHECK(choice.value().algorithm == &algorithm);
        if (channels > 0) CHECK(choice.value().shape.channels == channels);
        check_fits(choice.value(), facts_of(ranks));
      }
}

TEST_CASE("Weighted work goes by an algorithm in which rank r sums up label r, whatever is asked for") {
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce))
    for (const int channels : {1, 3})
      for (const int ranks : {2, 3, 5, 8}) {
        Settings settings = settings_of(std::string(algorithm.name));
        settings.channels = channels;
        Facts facts = facts_of(ranks);
        if (ranks > 3) facts.hosts = std::vector<int>(size_t(ranks), 0), facts.hosts.back() = 1, facts.groups = {facts.hosts};
        const auto choice = choose({.bytes = 1 << 20, .weighted = true}, facts, settings);
        REQUIRE(choice.ok());
        const Choice& made = choice.value();
        INFO(algorithm.name << " was asked for, " << made.algorithm->name << " is taken, " << ranks << " ranks");
        REQUIRE(made.algorithm->owner != nullptr);
        CHECK(made.algorithm->build(made.shape, 0).labels == ranks);
        for (Rank rank = 0; rank < ranks; ++rank) CHECK(made.algorithm->owner(made.shape, rank) == rank);
      }
}

TEST_CASE("With a fixed order of reduction every choice adds up in the order of ranks") {
  Settings fixed;
  fixed.reduction_order = "fixed";
  for (int collective = 0; collective < collective_count; ++collective)
    for (const int ranks : {2, 3, 4, 8, 16, 64})
      for (const size_t bytes : sizes)
        for (const bool over_hosts : {false, true})
          for (const bool weighted : {false, true}) {
            const Question question{
                .collective = static_cast<Collective>(collective), .bytes = bytes, .weighted = weighted};
            if (!combines(question.collective) || question.collective == Collective::barrier) continue;
            if (weighted && question.collective == Collective::reduce)
              continue;  // the root does all of the work
            Facts facts = facts_of(ranks);
            for (int rank = 0; over_hosts && rank < ranks; ++rank) facts.hosts.push_back(rank * 2 / ranks);
            if (over_hosts) facts.groups = {facts.hosts};
            const auto choice = choose(question, facts, fixed);
            INFO(name_of(question.collective) << ", " << ranks << " ranks, " << bytes << " bytes");
            REQUIRE(choice.ok());
            CHECK(choice.value().algorithm->canonical_order);
          }
}

TEST_CASE(
    "An algorithm that reduces in an order of its own is refused where the order is fixed, with those that "
    "do not") {
  for (const Algorithm& algorithm : algorithms()) {
    if (!combines(algorithm.collective) || algorithm.collective == Collective::barrier) continue;
    INFO(name_of(algorithm.collective) << " by " << algorithm.name);
    Settings settings = settings_of(std::string(algorithm.name));
    settings.reduction_order = "fixed";
    const auto choice = choose({.collective = algorithm.collective, .bytes = 8}, facts_of(4), settings);
    CHECK(choice.ok() == algorithm.canonical_order);
    if (choice.ok()) continue;
    CHECK(choice.code() == Code::invalid_argument);
    const std::string both = fmt::format("BCCL_ALGO={} and BCCL_REDUCTION_ORDER=fixed", algorithm.name);
    CHECK_THAT(choice.sentence(), Catch::Contains(both) && Catch::Contains("direct"));
  }
}

TEST_CASE("A slice size asked for is taken, but no larger than the transport's") {
  Settings settings;
  settings.slice_bytes = 4096;
  CHECK(choose({.bytes = 1 << 20}, facts_of(4), settings).value().slice_bytes == 4096);
  settings.slice_bytes = 65536;
  Facts small = facts_of(4);
  small.slice_bytes_max = 8192;
  CHECK(choose({.bytes = 1 << 20}, small, settings).value().slice_bytes == 8192);
}

TEST_CASE(
    "A transport with one connection a pair still gets a choice that fits, where the algorithm has one "
    "channel") {
  Facts narrow = facts_of(4);
  narrow.lanes_max = 1;
  for (const std::string name : {"ring", "one_shot", "direct", "halving_doubling"}) {
    const auto choice = choose({.bytes = 1 << 20}, narrow, settings_of(name));
    REQUIRE(choice.ok());
    check_fits(choice.value(), narrow);
  }
}

TEST_CASE("More channels than connections are refused with what to do") {
  Facts narrow = facts_of(4);
  narrow.lanes_max = 3;
  Settings settings = settings_of("ring");
  settings.channels = 3;
  CHECK(choose({.bytes = 8}, narrow, settings).ok());
  settings.channels = 4;
  const auto refused = choose({.bytes = 8}, narrow, settings);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.code() == Code::invalid_argument);
  for (const std::string word :
       {"ring", "4 channels", "3 connections", "BCCL_CHANNELS", "BCCL_SHM_POOL_BYTES"})
    CHECK_THAT(refused.sentence(), Catch::Contains(word));
}

TEST_CASE("An algorithm that does not exist is refused with those that do") {
  const auto choice = choose({.bytes = 8}, facts_of(4), settings_of("rings"));
  REQUIRE_FALSE(choice.ok());
  CHECK(choice.code() == Code::invalid_argument);
  CHECK_THAT(choice.sentence(), Catch::Contains("BCCL_ALGO=rings"));
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce))
    CHECK_THAT(choice.sentence(), Catch::Contains(std::string(algorithm.name)));
}

TEST_CASE("Two ranks exchange small data once, and share the work of more") {
  for (const bool near : {false, true}) {
    Facts facts = facts_of(2);
    facts.near = near;
    const auto name = [&](size_t bytes) { return choose({.bytes = bytes}, facts, {}).value().algorithm->name; };
    CHECK(name(8) == "one_shot");
    CHECK(name(256 << 10) == "direct");
  }
}

TEST_CASE("Where ranks take turns on cores, hops cost more than bytes: broadcast and gather of little data go straight") {
  for (const Collective collective : {Collective::broadcast, Collective::gather, Collective::all_gather})
    CHECK(choose({.collective = collective, .bytes = 64}, facts_of(8), {}).value().algorithm->name == "direct");
}

TEST_CASE("A reduce of ranks that share cores goes straight while it is short, for much of it stays on its core") {
  const auto choice = choose({.collective = Collective::reduce, .bytes = 65536}, facts_of(4), {});
  CHECK(choice.value().algorithm->name == "direct");
}

TEST_CASE("Neither measured nearness nor a slice size decides between orders of addition") {
  Settings small;
  small.slice_bytes = 512;
  for (int collective = 0; collective < collective_count; ++collective) {
    if (!combines(static_cast<Collective>(collective))) continue;
    for (const int ranks : {2, 4, 7, 8})
      for (const size_t bytes : sizes) {
        const Question question{.collective = static_cast<Collective>(collective), .bytes = bytes};
        Facts near = facts_of(ranks);
        near.near = true;
        const Algorithm* const usual = choose(question, facts_of(ranks), {}).value().algorithm;
        CHECK(choose(question, near, {}).value().algorithm == usual);
        CHECK(choose(question, near, small).value().algorithm == usual);
      }
  }
}

/// The algorithm for these bytes between hosts of two ranks.
std::string_view between_hosts(Collective collective, size_t bytes, const LinkTerms& given, const LinkTerms& measured) {
  Facts facts = facts_of(8, 8);
  facts.hosts = {0, 0, 1, 1, 2, 2, 3, 3};
  facts.link = given;
  facts.measured_link = measured;
  return choose({.collective = collective, .bytes = bytes}, facts, {}).value().algorithm->name;
}

constexpr LinkTerms slow_link{1'000'000, 80};
constexpr LinkTerms fast_link{5'000, 0.02};

TEST_CASE("What links were found to take decides between algorithms, but not between orders of addition") {
  for (const Collective collective : {Collective::all_reduce, Collective::reduce_scatter, Collective::reduce})
    for (const size_t bytes : {8, 1 << 10, 64 << 10, 4 << 20})
      CHECK(between_hosts(collective, bytes, {}, slow_link) == between_hosts(collective, bytes, {}, fast_link));
  int differing = 0;
  for (const Collective collective : {Collective::all_gather, Collective::broadcast, Collective::all_to_all})
    for (const size_t bytes : {64, 1 << 10, 64 << 10, 4 << 20})
      differing += between_hosts(collective, bytes, {}, slow_link) != between_hosts(collective, bytes, {}, fast_link) ? 1 : 0;
  CHECK(differing > 0);
}

TEST_CASE("What the user says of links decides everywhere, whatever was measured") {
  int differing = 0;
  for (const Collective collective : {Collective::all_reduce, Collective::all_gather})
    for (const size_t bytes : {64, 1 << 10, 64 << 10, 4 << 20}) {
      const auto by_word = between_hosts(collective, bytes, slow_link, fast_link);
      CHECK(by_word == between_hosts(collective, bytes, slow_link, {}));
      differing += by_word != between_hosts(collective, bytes, fast_link, {}) ? 1 : 0;
    }
  CHECK(differing > 0);
}

TEST_CASE("Above the number of ranks that are priced a rule decides, and says so") {
  const auto known = candidates({.bytes = 1 << 20}, facts_of(65), {}).value();
  REQUIRE(known.size() == 1);
  CHECK(known[0].basis == Candidate::Basis::rule);
  CHECK(known[0].choice.algorithm->name == "direct");
  Facts hosts = facts_of(128);
  for (int rank = 0; rank < 128; ++rank) hosts.hosts.push_back(rank / 32);
  hosts.groups = {hosts.hosts};
  CHECK(choose({.bytes = 1 << 20}, hosts, {}).value().algorithm->name == "hierarchical");
  hosts.groups.clear();
  CHECK(choose({.bytes = 1 << 20}, hosts, {}).value().algorithm->name == "direct");
}

TEST_CASE("Algorithms are given the groups that the facts have, and pay less for hops inside an L3") {
  Facts facts = facts_of(16, 16);
  const auto time_of = [&](const char* algorithm) {
    const auto known = candidates({.bytes = 8}, facts, settings_of(algorithm)).value();
    CHECK(known[0].choice.shape.groups == facts.groups);
    const auto all = candidates({.bytes = 8}, facts, {}).value();
    const auto named = [&](const Candidate& each) { return each.choice.algorithm->name == algorithm; };
    return std::ranges::find_if(all, named)->ns;
  };
  const double apart = time_of("hierarchical");
  const double flat = time_of("direct");
  for (int rank = 0; rank < 16; ++rank) facts.l3s.push_back(rank / 8);
  facts.groups = {facts.l3s};
  CHECK(time_of("hierarchical") < apart);
  CHECK(time_of("hierarchical") - apart < time_of("direct") - flat);
}

TEST_CASE("Small messages go in one exchange, large ones among many ranks are shared out") {
  for (const int ranks : {3, 4, 8}) {
    const auto messages_of = [&](size_t bytes) {
      const Choice choice = choose({.bytes = bytes}, facts_of(ranks), {}).value();
      return build_all(*choice.algorithm, choice.shape)[0]
          .labels;
    };
    CHECK(messages_of(8) == 1);
    CHECK(messages_of(size_t{64} << 20) >= 2);
  }
}

}  // namespace
}  // namespace bccl::test
