#include "bootstrap/wire.h"

#include <random>

#include <catch2/catch.hpp>

namespace bccl::test {
namespace {

Tag key_of(uint8_t byte) {
  Tag key;
  key.fill(byte);
  return key;
}

std::string sealed(FrameSealer& sealer, FrameKind kind, const std::string& bytes) {
  const Payload payload{bytes};
  return sealer.header(kind, payload) + bytes;
}

/// What a reader makes of these bytes: the payloads, then "error" if it found one.
std::vector<std::string> read_all(FrameReader& reader, std::string_view bytes) {
  reader.feed(bytes);
  std::vector<std::string> payloads;
  while (true) {
    auto frame = reader.next();
    if (!frame.ok()) payloads.push_back("error");
    if (!frame.ok() || !frame.value()) return payloads;
    payloads.push_back((*frame.value()).payload);
  }
}

TEST_CASE("frames come out as they went in, however the stream is cut") {
  const auto seed = static_cast<unsigned>(GENERATE(range(1, 21)));
  CAPTURE(seed);
  std::mt19937 random{seed};
  FrameSealer sealer{key_of(1)};
  std::vector<std::string> sent;
  std::string stream;
  for (int i = 0; i < 10; ++i) {
    sent.push_back(std::string(random() % 300, static_cast<char>('a' + i)));
    stream += sealed(sealer, FrameKind::gathered, sent.back());
  }
  FrameReader reader{key_of(1)};
  std::vector<std::string> received;
  for (size_t at = 0; at < stream.size();) {
    const size_t bytes = std::min<size_t>(1 + random() % 200, stream.size() - at);
    for (std::string& payload : read_all(reader, std::string_view{stream}.substr(at, bytes)))
      received.push_back(std::move(payload));
    at += bytes;
  }
  CHECK(received == sent);
}

TEST_CASE("a frame keeps its kind") {
  FrameSealer sealer{key_of(1)};
  FrameReader reader{key_of(1)};
  reader.feed(sealed(sealer, FrameKind::goodbye, ""));
  const auto frame = reader.next();
  REQUIRE(frame.ok());
  CHECK(frame.value()->kind == FrameKind::goodbye);
}

TEST_CASE("a frame with any byte changed is found out, or never ends") {
  FrameSealer sealer{key_of(1)};
  const std::string frame = sealed(sealer, FrameKind::contribution, "hello");
  for (size_t at = 0; at < frame.size(); ++at) {
    CAPTURE(at);
    std::string altered = frame;
    altered[at] = static_cast<char>(altered[at] ^ 1);
    FrameReader reader{key_of(1)};
    const auto payloads = read_all(reader, altered);
    CHECK((payloads.empty() || payloads == std::vector<std::string>{"error"}));
  }
}

TEST_CASE("a frame that is repeated, skipped, or of the other direction is found out") {
  FrameSealer sealer{key_of(1)};
  const std::string first = sealed(sealer, FrameKind::contribution, "1");
  const std::string second = sealed(sealer, FrameKind::contribution, "2");
  FrameReader repeated{key_of(1)}, skipped{key_of(1)}, reflected{key_of(2)};
  CHECK(read_all(repeated, first + first) == std::vector<std::string>{"1", "error"});
  CHECK(read_all(skipped, second) == std::vector<std::string>{"error"});
  CHECK(read_all(reflected, first) == std::vector<std::string>{"error"});
}

TEST_CASE("a frame at the limit passes and one past it is refused before it is here") {
  FrameSealer sealer{key_of(1)};
  FrameReader reader{key_of(1)};
  const std::string longest(frame_payload_bytes_max, 'x');
  CHECK(read_all(reader, sealed(sealer, FrameKind::gathered, longest)) == std::vector{longest});
  const std::string header = sealer.header(FrameKind::gathered, Payload{longest + "x"});
  CHECK(read_all(reader, header) == std::vector<std::string>{"error"});
}

TEST_CASE("a contribution is unpacked as it was packed") {
  const auto unpacked = parse_contribution(pack(Contribution{250, 30'000, std::string("\0blob", 5)}));
  REQUIRE(unpacked.ok());
  CHECK(unpacked.value().left_ms == 250);
  CHECK(unpacked.value().budget_ms == 30'000);
  CHECK(unpacked.value().blob == std::string("\0blob", 5));
}

TEST_CASE("a contribution that is cut short or too long is refused") {
  CHECK_FALSE(parse_contribution("1234567").ok());
  CHECK(parse_contribution(pack(Contribution{1, 1, std::string(blob_bytes_max, 'x')})).ok());
  CHECK_FALSE(parse_contribution(pack(Contribution{1, 1, std::string(blob_bytes_max + 1, 'x')})).ok());
}

TEST_CASE("gathered blobs are unpacked as they were packed, over as many frames as they need") {
  std::vector<std::string> blobs{"", "a", std::string(blob_bytes_max, 'b'), std::string(blob_bytes_max, 'c'),
                                 "", "d"};
  std::vector<std::string> unpacked;
  const auto payloads = pack_gathered(blobs);
  CHECK(payloads.size() > 1);
  for (const Payload& payload : payloads) {
    CHECK(payload.bytes().size() <= frame_payload_bytes_max);
    REQUIRE(parse_gathered(payload.bytes(), blobs.size(), unpacked).ok());
  }
  CHECK(unpacked == blobs);
}

TEST_CASE("more blobs than ranks, or half a blob, are refused") {
  const Payload three = pack_gathered({"a", "b", "c"}).front();
  std::vector<std::string> blobs;
  CHECK_FALSE(parse_gathered(three.bytes(), 2, blobs).ok());
  blobs.clear();
  CHECK_FALSE(parse_gathered(three.bytes().substr(0, three.bytes().size() - 1), 3, blobs).ok());
}

TEST_CASE("a failure is unpacked as it was packed") {
  const Error error = parse_failure(pack(fail(Code::timeout, "rank 3 is late")));
  CHECK(error.code == Code::timeout);
  CHECK(error.sentence == "rank 3 is late");
}

TEST_CASE("a failure that claims success or an unknown code still is a failure") {
  CHECK(parse_failure(pack(Error{Code::success, "x"})).code == Code::remote_error);
  CHECK(parse_failure(pack(Error{static_cast<Code>(77), "x"})).code == Code::remote_error);
  CHECK(parse_failure("").code == Code::remote_error);
}

}  // namespace
}  // namespace bccl::test
