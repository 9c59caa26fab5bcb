#include "bootstrap/wire.h"

#include "net/packing.h"

namespace bccl {
namespace {

Tag seal(const Tag& key, uint64_t counter, FrameKind kind, size_t length, const Tag& hash) {
  return keyed_hash(key, Packer{}.u64(counter).u32(static_cast<uint32_t>(kind)).u64(length).raw(hash).take());
}

}  // namespace

Payload::Payload(std::string bytes)
    : bytes_(std::make_shared<const std::string>(std::move(bytes))), hash_(hash_of(*bytes_)) {}

std::string FrameSealer::header(FrameKind kind, const Payload& payload) {
  const size_t length = payload.bytes().size();
  return Packer{}
      .u32(static_cast<uint32_t>(length))
      .u32(static_cast<uint32_t>(kind))
      .raw(seal(key_, counter_++, kind, length, payload.hash()))
      .take();
}

Result<std::optional<Frame>> FrameReader::next() {
  const std::string_view waiting = std::string_view{bytes_}.substr(used_);
  if (waiting.size() < frame_header_bytes) return std::optional<Frame>{};
  Unpacker unpacker{waiting};
  const size_t length = unpacker.u32();
  const auto kind = static_cast<FrameKind>(unpacker.u32());
  Tag tag;
  unpacker.raw(tag);
  if (length > frame_payload_bytes_max)
    return fail(Code::remote_error, "a frame of {} bytes exceeds the limit of {}", length,
                frame_payload_bytes_max);
  if (waiting.size() < frame_header_bytes + length) return std::optional<Frame>{};

  Frame frame{kind, std::string{unpacker.raw(length)}};
  const Tag expected = seal(key_, counter_++, kind, length, hash_of(frame.payload));
  if (!equal_tags(tag, expected)) return fail(Code::remote_error, "a frame was altered on its way");
  used_ += frame_header_bytes + length;
  if (used_ == bytes_.size() || used_ > frame_payload_bytes_max) {
    bytes_.erase(0, used_);
    used_ = 0;
  }
  return std::optional{std::move(frame)};
}

std::string pack(const Contribution& contribution) {
  return Packer{}.u32(contribution.left_ms).u32(contribution.budget_ms).raw(contribution.blob).take();
}

Result<Contribution> parse_contribution(std::string_view payload) {
  Unpacker unpacker{payload};
  Contribution contribution;
  contribution.left_ms = unpacker.u32();
  contribution.budget_ms = unpacker.u32();
  contribution.blob = unpacker.rest();
  if (!unpacker.ok()) return fail(Code::remote_error, "a contribution is cut short");
  if (contribution.blob.size() > blob_bytes_max)
    return fail(Code::remote_error, "a contribution of {} bytes exceeds the limit of {}",
                contribution.blob.size(), blob_bytes_max);
  return contribution;
}

std::vector<Payload> pack_gathered(const std::vector<std::string>& blobs) {
  std::vector<Payload> payloads;
  std::string bytes;
  for (const std::string& blob : blobs) {
    const std::string packed = Packer{}.u32(static_cast<uint32_t>(blob.size())).raw(blob).take();
    if (!bytes.empty() && bytes.size() + packed.size() > frame_payload_bytes_max)
      payloads.emplace_back(std::exchange(bytes, {}));
    bytes += packed;
  }
  payloads.emplace_back(std::move(bytes));
  return payloads;
}

Status parse_gathered(std::string_view payload, size_t size, std::vector<std::string>& blobs) {
  Unpacker unpacker{payload};
  while (!unpacker.at_end()) {
    blobs.emplace_back(unpacker.raw(unpacker.u32()));
    if (!unpacker.ok() || blobs.size() > size)
      return fail(Code::remote_error, "the root sent blobs that cannot be told apart");
  }
  return {};
}

std::string pack(const Error& failure) {
  return Packer{}
      .u32(static_cast<uint32_t>(failure.code))
      .raw(std::string_view{failure.sentence}.substr(0, sentence_bytes_max))
      .take();
}

Error parse_failure(std::string_view payload) {
  Unpacker unpacker{payload};
  const uint32_t code = unpacker.u32();
  return {error_code_from(code), std::string{unpacker.rest()}};
}

}  // namespace bccl
