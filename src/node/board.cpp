#include "node/board.h"

#include <cstring>

namespace bccl {
namespace {

/// The longest prefix within `bytes_max` that does not end inside a UTF-8 character.
size_t whole_characters(const std::string& text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text.size();
  size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return end;
}

}  // namespace

void KindSlot::write(const CallRecord& record) {
  // Each a release, so that whoever reads a new field also sees which calls have been made since the old one.
  count_.store(record.count, std::memory_order_release);
  plan_hash_.store(record.plan_hash, std::memory_order_release);
  collective_.store(record.collective, std::memory_order_release);
  type_.store(record.type, std::memory_order_release);
  op_.store(record.op, std::memory_order_release);
  root_.store(record.root, std::memory_order_release);
}

CallRecord KindSlot::read() const {
  CallRecord record;
  // Each an acquire, so that the calls are looked at again after all of them.
  record.count = count_.load(std::memory_order_acquire);
  record.plan_hash = plan_hash_.load(std::memory_order_acquire);
  record.collective = collective_.load(std::memory_order_acquire);
  record.type = type_.load(std::memory_order_acquire);
  record.op = op_.load(std::memory_order_acquire);
  record.root = root_.load(std::memory_order_acquire);
  return record;
}

uint64_t Board::newest_call() const {
  uint64_t newest = 0;
  for (const auto& call : calls_) newest = std::max(newest, call.load(std::memory_order_acquire) / board_kinds);
  return newest;
}

CallRecord Board::call(uint64_t sequence) const {
  const uint64_t entered = calls_[sequence % board_calls].load(std::memory_order_acquire);
  if (sequence == 0 || entered / board_kinds != sequence) return {};
  CallRecord record = kinds_[entered % board_kinds].read();
  if (newest_call() >= sequence + board_calls) return {};  // the kind may have been replaced
  record.sequence = sequence;
  return record;
}

void TrialSlot::write(uint64_t sequence, const StoreTimes& times) {
  version_.store(sequence * 2 + 1, std::memory_order_relaxed);
  cached_ns_.store(times.cached_ns, std::memory_order_release);
  streaming_ns_.store(times.streaming_ns, std::memory_order_release);
  version_.store(sequence * 2, std::memory_order_release);
}

std::optional<StoreTimes> TrialSlot::read(uint64_t sequence) const {
  if (sequence == 0 || version_.load(std::memory_order_acquire) != sequence * 2) return std::nullopt;
  StoreTimes times;
  times.cached_ns = cached_ns_.load(std::memory_order_acquire);
  times.streaming_ns = streaming_ns_.load(std::memory_order_acquire);
  return version_.load(std::memory_order_relaxed) == sequence * 2 ? std::optional(times) : std::nullopt;
}

CallRecord Board::last_call() const {
  for (;;) {
    const uint64_t newest = newest_call();
    const CallRecord record = call(newest);
    // Forgotten while being read: the rank made board_calls more calls meanwhile, so look again. A rank that
    // died cannot keep this loop going: the newest call is never forgotten.
    if (record.sequence == newest) return record;
  }
}

BoardReport Board::report(Presence presence, int64_t now_ns) const {
  BoardReport report;
  report.calls[0] = last_call();
  const uint64_t newest = report.calls[0].sequence;
  for (uint64_t back = 1; back < board_calls && back < newest; ++back) report.calls[back] = call(newest - back);
  report.in_call = left_call_.load(std::memory_order_acquire) < newest ? 1 : 0;
  const int64_t awake = awake_ns();
  if (awake != 0) report.awake_age_ns = std::max<int64_t>(0, now_ns - awake);
  report.presence = static_cast<uint32_t>(presence);
  report.withdrawn = withdrawn();
  return report;
}

void Board::mirror(const BoardReport& report, int64_t now_ns) {
  for (int back = board_calls - 1; back >= 0; --back)
    if (report.calls[back].sequence > newest_call()) enter(report.calls[back]);
  if (report.in_call == 0 && report.calls[0].sequence == newest_call()) leave_call(newest_call());
  if (report.awake_age_ns >= 0) say_awake(now_ns - report.awake_age_ns);
  if (report.presence == static_cast<uint32_t>(Presence::left)) left.store(1, std::memory_order_release);
  if (report.presence == static_cast<uint32_t>(Presence::dead)) mark_gone(Presence::dead);
  if (report.withdrawn != 0) withdraw(report.withdrawn);
  heard_ns_.store(now_ns, std::memory_order_release);
}

void WordSlot::write(const Word& word) {
  const uint64_t version = version_.load(std::memory_order_relaxed) | 1;
  version_.store(version, std::memory_order_relaxed);
  for (size_t part = 0; part < parts; ++part) {
    uint64_t bytes = 0;
    std::memcpy(&bytes, word.data() + part * sizeof bytes, sizeof bytes);
    parts_[part].store(bytes, std::memory_order_release);
  }
  version_.store(version + 1, std::memory_order_release);
}

std::optional<Word> WordSlot::read() const {
  const uint64_t version = version_.load(std::memory_order_acquire);
  if (version == 0 || version % 2 != 0) return std::nullopt;
  Word word;
  for (size_t part = 0; part < parts; ++part) {
    const uint64_t bytes = parts_[part].load(std::memory_order_acquire);
    std::memcpy(word.data() + part * sizeof bytes, &bytes, sizeof bytes);
  }
  return version_.load(std::memory_order_relaxed) == version ? std::optional(word) : std::nullopt;
}

void AbortRecord::write(Code code, int from_rank, const std::string& sentence) {
  const size_t bytes = whole_characters(sentence, abort_sentence_max);
  code_.store(static_cast<uint32_t>(code), std::memory_order_relaxed);
  from_rank_.store(from_rank, std::memory_order_relaxed);
  bytes_.store(static_cast<uint32_t>(bytes), std::memory_order_relaxed);
  std::memcpy(sentence_, sentence.data(), bytes);
}

Error AbortRecord::error() const {
  const size_t bytes = std::min<size_t>(bytes_.load(std::memory_order_relaxed), abort_sentence_max);
  return Error{static_cast<Code>(code_.load(std::memory_order_relaxed)), std::string(sentence_, bytes)};
}

}  // namespace bccl
