// Communicators whose ranks are bound inside large machines, as far as they can tell: which groups algorithms know of.
#include <random>

#include <catch2/catch.hpp>

#include "comm/grow.h"
#include "comm/shrink.h"
#include "comm/split.h"
#include "bootstrap/rendezvous.h"
#include "team.h"
#include "topology/discovery.h"

namespace bccl::test {
namespace {

using Levels = std::vector<std::vector<int>>;

Topology two_packages() { return topology_from_synthetic("package:2 l3:2 core:2 pu:1").value(); }

Settings with_hierarchy(const std::string& hierarchy) {
  Settings settings = test_settings();
  settings.wait = "yield";
  settings.hierarchy = hierarchy;
  return settings;
}

const Levels l3s_and_packages{{0, 0, 1, 1, 2, 2, 3, 3}, {0, 0, 0, 0, 1, 1, 1, 1}};

TEST_CASE("All ranks know of the L3s and packages that they are bound in") {
  Team team(bound_to_cores("aaaaaaaa", two_packages()), with_hierarchy("auto"));
  for (int rank = 0; rank < team.ranks(); ++rank) {
    CHECK(team[rank].facts().groups == l3s_and_packages);
    CHECK(team[rank].facts().l3s == l3s_and_packages[0]);
    CHECK(team[rank].facts().hosts.empty());
  }
}

TEST_CASE("BCCL_HIERARCHY says which groups there may be") {
  const std::vector<Pose> poses = bound_to_cores("aaaaaaaa", two_packages());
  const auto groups = [&](const char* hierarchy) { return Team(poses, with_hierarchy(hierarchy))[5].facts().groups; };
  CHECK(groups("packages") == Levels{l3s_and_packages[1]});
  CHECK(groups("l3s") == Levels{l3s_and_packages[0]});
  CHECK(groups("hosts").empty());
  CHECK(groups("flat").empty());
}

TEST_CASE("Unequal hosts are the outermost groups, and those inside them follow from each host alone") {
  Team team(bound_to_cores("aaaaaabb", two_packages()), with_hierarchy("auto"));
  CHECK(team[7].facts().groups == Levels{{0, 0, 1, 1, 2, 2, 3, 3}, {0, 0, 0, 0, 0, 0, 1, 1}});
  CHECK(team[7].facts().hosts == std::vector<int>{0, 0, 0, 0, 0, 0, 1, 1});
}

TEST_CASE("One rank that may run on all of its host is enough for the host to stay whole") {
  std::vector<Pose> poses = bound_to_cores("aaaaaaaa", two_packages());
  poses[6].processors = {0, 1, 2, 3, 4, 5, 6, 7};
  Team team(poses, with_hierarchy("auto"));
  CHECK(team[0].facts().groups.empty());
  CHECK(team[0].facts().l3s.empty());
}

TEST_CASE("Ranks of a host that see different machines form no groups there") {
  std::vector<Pose> poses = bound_to_cores("aaaaaaaa", two_packages());
  poses[4].machine = std::make_shared<const Topology>(topology_from_synthetic("package:8 core:1 pu:1").value());
  CHECK(Team(poses, with_hierarchy("auto"))[4].facts().groups.empty());
}

TEST_CASE("Ranks that differ in BCCL_HIERARCHY are told so") {
  for (const Status& outcome : create_with({with_hierarchy("auto"), with_hierarchy("flat")})) {
    CHECK(outcome.code() == Code::invalid_usage);
    CHECK_THAT(outcome.sentence(), Catch::Contains("BCCL_HIERARCHY") && Catch::Contains("flat"));
  }
}

/// The groups of what each of these ranks makes of its communicator, which have to be the same.
Levels groups_made(Team& team, const std::vector<int>& ranks,
                   const std::function<Result<std::unique_ptr<Communicator>>(Communicator&)>& make) {
  std::vector<Levels> groups(static_cast<size_t>(team.ranks()));
  REQUIRE(troubles(team.each(ranks, [&](Communicator& parent) -> Status {
            groups[static_cast<size_t>(parent.rank())] = BCCL_TRY(make(parent))->facts().groups;
            return {};
          })) == "");
  for (const int rank : ranks) CHECK(groups[static_cast<size_t>(rank)] == groups[static_cast<size_t>(ranks[0])]);
  return groups[static_cast<size_t>(ranks[0])];
}

TEST_CASE("Children have groups of their own") {
  Team team(bound_to_cores("aaaaaaaa", two_packages()), with_hierarchy("auto"));
  const std::vector<int> all{0, 1, 2, 3, 4, 5, 6, 7};
  CHECK(groups_made(team, all, [](Communicator& parent) {
          return split(parent, Errand::duplicate, Destination{.color = 0}, parent.settings());
        }) == l3s_and_packages);
  CHECK(groups_made(team, all, [](Communicator& parent) {  // the package of each
          return split(parent, Errand::split, Destination{.color = parent.rank() / 4}, parent.settings());
        }) == Levels{{0, 0, 1, 1}});
  CHECK(groups_made(team, all, [](Communicator& parent) {  // backwards
          return split(parent, Errand::split, Destination{.color = 0, .key = -parent.rank()}, parent.settings());
        }) == l3s_and_packages);
  CHECK(groups_made(team, {0, 1, 2, 3, 4, 5}, [](Communicator& parent) {
          return shrink(parent, std::vector<Rank>{0, 1, 2, 3, 4, 5}, parent.settings());
        }) == Levels{{0, 0, 1, 1, 2, 2}});
}

TEST_CASE("Grown communicators know where the newcomers are bound") {
  const std::vector<Pose> poses = bound_to_cores("aaaaaaaa", two_packages());
  Team team(std::vector<Pose>(poses.begin(), poses.begin() + 4), with_hierarchy("auto"));
  CHECK(team[0].facts().groups == Levels{{0, 0, 1, 1}});
  const UniqueId id = open_root(team[0].settings()).value();
  std::vector<Levels> groups(poses.size());
  const Outcomes outcomes = each_of(8, [&](int rank) -> Status {
    std::unique_ptr<Communicator> grown;
    if (rank < 4) {
      grown = BCCL_TRY(grow(team[rank], Growth{.ranks = 8, .id = id}, team[rank].settings()));
    } else {
      const auto exchange = BCCL_TRY(join(id, rank, 8, Deadline::after_ms(20'000)));
      grown = BCCL_TRY(Communicator::create(*exchange, team[0].settings(), {}, poses[static_cast<size_t>(rank)]));
    }
    groups[static_cast<size_t>(rank)] = grown->facts().groups;
    return {};
  });
  REQUIRE(troubles(outcomes) == "");
  for (const Levels& each : groups) CHECK(each == l3s_and_packages);
}

/// The bits of a sum of floats that depends on the order in which they are added.
std::vector<float> sum_by(const std::vector<Pose>& poses) {
  Settings settings = with_hierarchy("auto");
  settings.algorithm = "hierarchical";
  Team team(poses, settings);
  std::vector<float> sum;
  const Outcomes outcomes = team.each([&](Communicator& communicator) -> Status {
    std::mt19937 random(static_cast<uint32_t>(communicator.rank()));
    std::uniform_real_distribution<float> number(-1, 1);
    std::vector<float> numbers(1000);
    for (float& each : numbers) each = number(random);
    BCCL_TRY(communicator.run({.source = numbers.data(), .target = numbers.data(), .count = numbers.size(),
                               .type = DataType::float32, .reduction = {.op = ReduceOp::sum}}));
    if (communicator.rank() == 0) sum = numbers;
    return {};
  });
  REQUIRE(troubles(outcomes) == "");
  return sum;
}

TEST_CASE("Ranks bound alike get the same bits from every communicator, and others where they are bound elsewhere") {
  const std::vector<Pose> poses = bound_to_cores("aaaaaaaa", two_packages());
  CHECK(sum_by(poses) == sum_by(poses));
  std::vector<Pose> interleaved = poses;
  for (size_t rank = 0; rank < poses.size(); ++rank) interleaved[rank].processors = poses[rank * 3 % 8].processors;
  CHECK(sum_by(interleaved) != sum_by(poses));
}

}  // namespace
}  // namespace bccl::test
