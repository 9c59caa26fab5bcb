#include "team.h"

#include <map>

#include <catch2/catch.hpp>

#include "../support/rank_threads.h"
#include "bootstrap/rendezvous.h"

namespace bccl::test {
namespace {

using Made = std::vector<Result<std::unique_ptr<Communicator>>>;

class EditedExchange final : public Exchange {
 public:
  EditedExchange(Exchange& inner, const Edit& edit) : inner_(inner), edit_(edit) {}
  int rank() const override { return inner_.rank(); }
  int size() const override { return inner_.size(); }
  const std::string& secret() const override { return inner_.secret(); }
  Result<std::vector<std::string>> all_gather(const std::string& mine, Deadline deadline) override {
    return inner_.all_gather(edit_ ? edit_(rank(), mine) : mine, deadline);
  }
  Status check() override { return inner_.check(); }

 private:
  Exchange& inner_;
  const Edit& edit_;
};

Made create_all(const std::vector<Settings>& settings, const Decorate& decorate, const std::vector<Pose>& poses,
                const Edit& edit) {
  const auto ranks = static_cast<int>(settings.size());
  const auto exchanges = local_exchanges(ranks);
  Made made;
  for (int rank = 0; rank < ranks; ++rank) made.emplace_back(fail(Code::internal_error, "not created"));
  on_ranks(ranks, [&](int rank) {
    EditedExchange exchange(*exchanges[size_t(rank)], edit);
    made[size_t(rank)] = Communicator::create(exchange, settings[size_t(rank)], decorate,
                                              poses.empty() ? Pose{} : poses[size_t(rank)]);
  });
  return made;
}

}  // namespace

Settings test_settings(const std::string& algorithm) {
  Settings settings;
  settings.timeout_ms = 30'000;
  settings.algorithm = algorithm;
  return settings;
}

std::vector<Pose> bound_to_cores(const std::string& hosts, const Topology& machine) {
  const auto shared = std::make_shared<const Topology>(machine);
  std::map<char, size_t> ranks_on;
  std::vector<Pose> poses;
  for (const char host : hosts) {
    const Core& core = machine.cores[ranks_on[host]++ % machine.cores.size()];
    poses.push_back({.host = std::string(1, host), .machine = shared, .processors = core.processors});
  }
  return poses;
}

Team::Team(int ranks, const Settings& settings, const Decorate& decorate)
    : Team(std::vector<Settings>(size_t(ranks), settings), decorate) {}

Team::Team(const std::vector<Settings>& settings, const Decorate& decorate, const Edit& edit) {
  keep(create_all(settings, decorate, {}, edit));
}

Team::Team(const std::string& hosts, Settings settings, const Decorate& decorate) {
  settings.wait = "yield";  // each host takes all cores for its own
  std::vector<Pose> poses;
  for (const char host : hosts) poses.push_back({.host = std::string(1, host)});
  keep(create_all(std::vector<Settings>(hosts.size(), settings), decorate, poses, {}));
}

Team::Team(const std::vector<Pose>& poses, const Settings& settings) {
  keep(create_all(std::vector<Settings>(poses.size(), settings), {}, poses, {}));
}

void Team::keep(std::vector<Result<std::unique_ptr<Communicator>>> made) {
  for (auto& one : made) {
    INFO(one.sentence());
    REQUIRE(one.ok());
    communicators_.push_back(std::move(one).value());
  }
}

Outcomes each_of(int ranks, const std::function<Status(int rank)>& body) {
  Outcomes outcomes(static_cast<size_t>(ranks));
  on_ranks(ranks, [&](int rank) { outcomes[size_t(rank)] = body(rank); });
  return outcomes;
}

Outcomes Team::each(const std::vector<int>& of, const std::function<Status(Communicator&)>& body) {
  return each_of(static_cast<int>(of.size()), [&](int at) { return body(*communicators_[size_t(of[size_t(at)])]); });
}

Outcomes Team::each(const std::function<Status(Communicator&)>& body) {
  std::vector<int> all;
  for (int rank = 0; rank < ranks(); ++rank) all.push_back(rank);
  return each(all, body);
}

Outcomes create_with(const std::vector<Settings>& settings, const Edit& edit) {
  Outcomes outcomes;
  for (auto& one : create_all(settings, {}, {}, edit))
    outcomes.push_back(one.ok() ? Status{} : Status{std::move(one).take_error()});
  return outcomes;
}

std::string troubles(const Outcomes& outcomes) {
  std::string words;
  for (const Status& outcome : outcomes)
    if (!outcome.ok()) words += outcome.sentence() + "\n";
  return words;
}

}  // namespace bccl::test
