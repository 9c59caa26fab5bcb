#include "control/steward.h"

#include <algorithm>
#include <limits>

#include "base/log.h"

namespace bccl::control {
namespace {

constexpr int64_t ask_pause_ns = 5'000'000;      // however many ranks want to know
constexpr int64_t last_looks_ns = 250'000'000;  // for ranks here that die after the leader's own has left

}  // namespace

Steward::Steward(std::unique_ptr<Envoy> envoy, std::vector<Line> lines)
    : envoy_(std::move(envoy)), next_look_ns_(std::numeric_limits<int64_t>::max()) {
  for (Line& line : lines) links_.emplace_back(std::move(line));
  links_.sort([](const Link& a, const Link& b) { return a.group() < b.group(); });
}

void Steward::tend(int64_t now_ns) {
  for (Link& link : links_) hear(link);
  if (envoy_->take_news_request()) ask(now_ns);
  settle();
  if (!farewell_said_ && !envoy_->leader_present()) say_farewell();
  if (farewell_said_) next_look_ns_ = now_ns + last_looks_ns;
  over_ = !envoy_->anyone_present() ||
          std::ranges::all_of(links_, [](const Link& link) { return link.loss() != Loss::none; });
}

void Steward::drop_lost_links() {
  std::erase_if(links_, [](const Link& link) { return link.loss() != Loss::none; });
}

void Steward::hear(Link& link) {
  if (link.loss() != Loss::none) return;
  link.advance();
  while (const std::optional<Message> message = link.take_message()) take(link, *message);
  if (link.loss() != Loss::none) lose(link);
}

void Steward::take(Link& link, const Message& message) {
  switch (message.kind) {
    case Kind::ask:
      link.send(report());
      return;
    case Kind::report:
      take_reports(link, message.payload);
      return;
    case Kind::farewell:
      link.farewell_heard = true;
      return;
    case Kind::proposal:
    case Kind::decision:
      break;
  }
  const Result<Notice> notice = parse_notice(message.payload, envoy_->party().all().size());
  if (!notice.ok()) {
    log(LogLevel::warn, "{}: {}", envoy_->party().all().describe(envoy_->party().groups().leader(link.group())),
        notice.sentence());
  } else if (message.kind == Kind::decision) {
    if (!settled_) decide(notice.value());
  } else if (settled_) {
    link.send({Kind::decision, pack(*envoy_->posted())});
  } else if (!proposal_) {
    proposal_ = notice.value();
  }
}

void Steward::take_reports(Link& link, const std::string& payload) {
  const std::vector<int>& ranks = envoy_->party().groups().members(link.group());
  const auto reports = parse_reports(payload, ranks.size());
  link.awaits_report = false;
  if (!reports.ok()) return log(LogLevel::warn, "{}: {}", envoy_->party().all().describe(ranks.front()), reports.sentence());
  for (size_t i = 0; i < ranks.size(); ++i) envoy_->mirror(ranks[i], reports.value()[i]);
}

void Steward::lose(Link& link) {
  const Party& party = envoy_->party();
  const int leader = party.groups().leader(link.group());
  if (link.farewell_heard && link.loss() == Loss::closed) return;
  log(LogLevel::info, "the control of {} is lost: {}", party.all().describe(leader), link.reason());
  for (const int rank : party.groups().members(link.group()))
    if (link.loss() != Loss::closed || party.all().same_process(rank, leader))
      envoy_->lose(rank, link.loss() == Loss::closed ? Presence::dead : Presence::lost);
}

void Steward::ask(int64_t now_ns) {
  for (Link& link : links_) {
    if (link.awaits_report || now_ns < link.asked_ns + ask_pause_ns) continue;
    link.awaits_report = true;
    link.asked_ns = now_ns;
    link.send({.kind = Kind::ask});
  }
}

Message Steward::report() const {
  std::vector<BoardReport> reports;
  for (const int rank : envoy_->party().ranks()) reports.push_back(envoy_->report(rank));
  return {Kind::report, pack(reports)};
}

void Steward::say_farewell() {
  farewell_said_ = true;
  for (Link& link : links_) {
    link.send(report());
    link.send({.kind = Kind::farewell});
  }
}

void Steward::settle() {
  if (settled_) return;
  if (const std::optional<Notice> posted = envoy_->posted()) return decide(*posted);  // this host could not wait
  if (!proposal_) proposal_ = envoy_->proposal();
  if (!proposal_) return;
  Link* const decider = deciding_link();
  if (decider == nullptr) return decide(*proposal_);
  if (decider->group() == proposed_to_) return;
  proposed_to_ = decider->group();
  decider->send({Kind::proposal, pack(*proposal_)});
}

void Steward::decide(const Notice& notice) {
  settled_ = true;
  envoy_->post(notice);
  for (Link& link : links_) link.send({Kind::decision, pack(*envoy_->posted())});
}

/// Null: this host decides.
Link* Steward::deciding_link() {
  for (Link& link : links_)
    if (link.loss() == Loss::none) return link.group() < envoy_->party().group() ? &link : nullptr;
  return nullptr;
}

}  // namespace bccl::control
