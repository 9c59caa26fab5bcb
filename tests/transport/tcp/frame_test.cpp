#include "transport/tcp/frame.h"

#include <catch2/catch.hpp>

namespace bccl::test {
namespace {

using namespace tcp;

TEST_CASE("Padding makes the payload of a large slice begin on a line of the stream, and small ones have none") {
  for (const uint64_t stream : {0, 1, 16, 47, 48, 49, 63, 64, 1'000'003}) {
    const size_t padding = padding_after(stream, large_bytes);
    CHECK(padding <= padding_bytes_max);
    CHECK((stream + header_bytes + padding) % line_bytes == 0);
    CHECK(padding_after(stream, large_bytes - 1) == 0);
    const Header header{.padding = static_cast<uint8_t>(padding)};
    CHECK(Header::unpack(header.pack().data()) == header);
  }
}

TEST_CASE("a header comes out as it went in, at the extremes too") {
  const Header header{.kind = FrameKind::slice,
                      .lane = 255,
                      .credits = 255,
                      .first = 14,
                      .parts = 15,
                      .bytes = UINT32_MAX,
                      .signature = 0x80000001,
                      .sequence = UINT32_MAX};
  CHECK(Header::unpack(header.pack().data()) == header);
  CHECK(Header::unpack(Header{}.pack().data()) == Header{});
}

TEST_CASE("a header is the same bytes as ever") {
  const HeaderBytes bytes =
      Header{.kind = FrameKind::slice, .lane = 2, .credits = 3, .first = 1, .parts = 2, .bytes = 0x04030201,
             .signature = 0x08070605, .sequence = 0x0c0b0a09}
          .pack();
  const unsigned char expected[] = {1, 2, 3, 0x21, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  for (size_t i = 0; i < bytes.size(); ++i) CHECK(static_cast<unsigned char>(bytes[i]) == expected[i]);
}

TEST_CASE("parts cover a slice, none is empty, all but the last are alike") {
  for (const size_t bytes : {size_t{15 * 1024}, size_t{15 * 1024 + 1}, size_t{65535}, size_t{1} << 20})
    for (int parts = 1; parts <= sockets_max; ++parts) {
      const size_t each = part_bytes(bytes, parts);
      CAPTURE(bytes, parts, each);
      CHECK(each * static_cast<size_t>(parts) >= bytes);
      CHECK(each * (static_cast<size_t>(parts) - 1) < bytes);
    }
}

}  // namespace
}  // namespace bccl::test
