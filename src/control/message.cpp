#include "control/message.h"

#include <cstring>
#include <type_traits>

#include "net/packing.h"

namespace bccl::control {

static_assert(std::is_trivially_copyable_v<BoardReport> && sizeof(BoardReport) % 8 == 0);

std::string pack(const Message& message) {
  Packer packer;
  packer.u32(static_cast<uint32_t>(message.payload.size())).u32(static_cast<uint32_t>(message.kind));
  return packer.raw(std::string_view{message.payload}).take();
}

Result<std::optional<Message>> MessageReader::next() {
  Unpacker unpacker{bytes_};
  const uint32_t length = unpacker.u32();
  const uint32_t kind = unpacker.u32();
  if (!unpacker.ok()) return std::optional<Message>{};
  if (length > message_payload_max || kind < static_cast<uint32_t>(Kind::ask) ||
      kind > static_cast<uint32_t>(Kind::farewell))
    return fail(Code::remote_error, "it sent what is no message of bccl's control");
  const std::string_view payload = unpacker.raw(length);
  if (!unpacker.ok()) return std::optional<Message>{};
  Message message{static_cast<Kind>(kind), std::string(payload)};
  bytes_.erase(0, message_header_bytes + length);
  return std::optional{std::move(message)};
}

std::string pack(const std::vector<BoardReport>& reports) {
  return {reinterpret_cast<const char*>(reports.data()), reports.size() * sizeof(BoardReport)};
}

Result<std::vector<BoardReport>> parse_reports(std::string_view payload, size_t ranks) {
  if (payload.size() != ranks * sizeof(BoardReport))
    return fail(Code::remote_error, "it reported {} bytes for {} ranks", payload.size(), ranks);
  std::vector<BoardReport> reports(ranks);
  std::memcpy(reports.data(), payload.data(), payload.size());
  return reports;
}

std::string pack(const Notice& notice) {
  Packer packer;
  packer.u32(static_cast<uint32_t>(notice.code)).u32(static_cast<uint32_t>(notice.from_rank));
  return packer.raw(std::string_view{notice.sentence}).take();
}

Result<Notice> parse_notice(std::string_view payload, int ranks) {
  Unpacker unpacker{payload};
  Notice notice;
  notice.code = error_code_from(unpacker.u32());
  notice.from_rank = static_cast<int>(unpacker.u32());
  if (!unpacker.ok() || notice.from_rank < 0 || notice.from_rank >= ranks)
    return fail(Code::remote_error, "it sent an error of no rank");
  notice.sentence = unpacker.rest().substr(0, abort_sentence_max);
  return notice;
}

}  // namespace bccl::control
