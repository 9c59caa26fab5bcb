#include "team.h"

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

Made create_all(const std::vector<Settings>& settings, const Decorate& decorate, const std::string& hosts,
                const Edit& edit) {
  const auto ranks = static_cast<int>(settings.size());
  const auto exchanges = local_exchanges(ranks);
  Made made;
  for (int rank = 0; rank < ranks; ++rank) made.emplace_back(fail(Code::internal_error, "not created"));
  on_ranks(ranks, [&](int rank) {
    EditedExchange exchange(*exchanges[size_t(rank)], edit);
    made[size_t(rank)] = Communicator::create(exchange, settings[size_t(rank)], decorate,
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

Team::Team(const std::vector<Settings>& settings, const Decorate& decorate, const Edit& edit) {
  keep(create_all(settings, decorate, {}, edit));
}

Team::Team(const std::string& hosts, Settings settings, const Decorate& decorate) {
  settings.wait = "yield";  // each host takes all cores for its own
  keep(create_all(std::vector<Settings>(hosts.size(), settings), decorate, hosts, {}));
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
