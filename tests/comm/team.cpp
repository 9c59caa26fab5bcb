#include "team.h"

#include <catch2/catch.hpp>

#include "../support/rank_threads.h"
#include "bootstrap/rendezvous.h"

namespace bccl::test {
namespace {

using Made = std::vector<Result<std::unique_ptr<Communicator>>>;

Made create_all(const std::vector<Settings>& settings, const Decorate& decorate = {}, const std::string& hosts = {}) {
  const auto ranks = static_cast<int>(settings.size());
  const auto exchanges = local_exchanges(ranks);
  Made made;
  for (int rank = 0; rank < ranks; ++rank) made.emplace_back(fail(Code::internal_error, "not created"));
  on_ranks(ranks, [&](int rank) {
    made[size_t(rank)] = Communicator::create(*exchanges[size_t(rank)], settings[size_t(rank)], decorate,
                                               hosts.empty() ? "" : std::string(1, hosts[size_t(rank)]));
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

Team::Team(int ranks, const Settings& settings, const Decorate& decorate)
    : Team(std::vector<Settings>(size_t(ranks), settings), decorate) {}

Team::Team(const std::vector<Settings>& settings, const Decorate& decorate) { keep(create_all(settings, decorate)); }

Team::Team(const std::string& hosts, Settings settings, const Decorate& decorate) {
  settings.wait = "yield";  // each host takes all cores for its own
  keep(create_all(std::vector<Settings>(hosts.size(), settings), decorate, hosts));
}

void Team::keep(std::vector<Result<std::unique_ptr<Communicator>>> made) {
  for (auto& one : made) {
    INFO(one.sentence());
    REQUIRE(one.ok());
    communicators_.push_back(std::move(one).value());
  }
}

Outcomes Team::each(const std::vector<int>& of, const std::function<Status(Communicator&)>& body) {
  Outcomes outcomes(of.size());
  on_ranks(static_cast<int>(of.size()),
           [&](int at) { outcomes[size_t(at)] = body(*communicators_[size_t(of[size_t(at)])]); });
  return outcomes;
}

Outcomes Team::each(const std::function<Status(Communicator&)>& body) {
  std::vector<int> all;
  for (int rank = 0; rank < ranks(); ++rank) all.push_back(rank);
  return each(all, body);
}

Outcomes create_with(const std::vector<Settings>& settings) {
  Outcomes outcomes;
  for (auto& one : create_all(settings))
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
