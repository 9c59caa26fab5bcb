#include "node/envoy.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "node/doorbell.h"

namespace bccl {

Envoy::Envoy(std::shared_ptr<NodeMemory> memory) : memory_(std::move(memory)) { memory_->header().controlled = 1; }

Envoy::~Envoy() { memory_->header().controlled = 0; }

bool Envoy::take_news_request() { return memory_->header().news_wanted.exchange(0) != 0; }

BoardReport Envoy::report(int rank) const { return memory_->boards()[rank].report(presence(rank), now_ns()); }

void Envoy::mirror(int rank, const BoardReport& report) {
  const Presence before = presence(rank);
  memory_->boards()[rank].mirror(report, now_ns());
  if (presence(rank) != before) ring_all();
}

void Envoy::lose(int rank, Presence how) {
  memory_->boards()[rank].mark_gone(how);
  ring_all();
}

Notice Envoy::on_board(uint32_t word) const {
  const AbortRecord& record = memory_->boards()[word - 1].abort;
  Error error = record.error();
  return {error.code, record.from_rank(), std::move(error.sentence)};
}

std::optional<Notice> Envoy::proposal() const {
  if (const auto already = posted()) return already;
  const uint32_t word = memory_->header().proposal_word.load(std::memory_order_acquire);
  return word == 0 ? std::nullopt : std::optional(on_board(word));
}

std::optional<Notice> Envoy::posted() const {
  const uint32_t word = memory_->header().abort_word.load(std::memory_order_acquire);
  return word == 0 ? std::nullopt : std::optional(on_board(word));
}

void Envoy::post(const Notice& notice) {
  if (posted()) return;
  memory_->leaders_board().abort.write(notice.code, notice.from_rank, notice.sentence);
  uint32_t none = 0;
  memory_->header().abort_word.compare_exchange_strong(none, static_cast<uint32_t>(party().all().size()) + 1);
  ring_all();
}

bool Envoy::leader_present() const {
  const std::vector<int>& here = party().ranks();
  return std::any_of(here.begin(), here.end(), [&](int rank) {
    return party().all().same_process(rank, here.front()) && presence(rank) == Presence::present;
  });
}

bool Envoy::anyone_present() const {
  const std::vector<int>& here = party().ranks();
  return std::any_of(here.begin(), here.end(), [&](int rank) { return presence(rank) == Presence::present; });
}

void Envoy::ring_all() const {
  for (const int rank : party().ranks()) ring_doorbell(memory_->doorbell(rank));
}

}  // namespace bccl
