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

CallRecord CallSlot::read(uint64_t sequence) const {
  CallRecord record;
  if (sequence == 0 || version_.load(std::memory_order_acquire) != sequence * 2) return record;
  // Each an acquire, so that the version is looked at again after all of them.
  record.count = count_.load(std::memory_order_acquire);
  record.plan_hash = plan_hash_.load(std::memory_order_acquire);
  record.collective = collective_.load(std::memory_order_acquire);
  record.type = type_.load(std::memory_order_acquire);
  record.op = op_.load(std::memory_order_acquire);
  record.root = root_.load(std::memory_order_acquire);
  if (version_.load(std::memory_order_relaxed) != sequence * 2) return CallRecord{};
  record.sequence = sequence;
  return record;
}

CallRecord Board::last_call() const {
  for (;;) {
    const uint64_t newest = call_state_.load(std::memory_order_acquire) / 2;
    const CallRecord record = call(newest);
    // Replaced while being read: the rank made board_calls more calls meanwhile, so look again. A rank that
    // died cannot keep this loop going: the slot being replaced is never that of the newest call.
    if (record.sequence == newest) return record;
  }
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
