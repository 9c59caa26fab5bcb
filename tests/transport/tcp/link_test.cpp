// One link, whose peer is the test: what it makes of frames, credits, garbage and ends.
#include <catch2/catch.hpp>

#include "base/clock.h"
#include "wired_link.h"

namespace bccl::test {
namespace {

using namespace tcp;
using Catch::Contains;

Header slice_header(uint32_t bytes, uint32_t sequence, uint8_t lane = 0) {
  return {.kind = FrameKind::slice, .lane = lane, .bytes = bytes, .signature = 7, .sequence = sequence};
}

std::string pattern(size_t bytes) {
  std::string text(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('a' + i % 23 + i / 1000 % 3);
  return text;
}

void send(Link& link, const std::string& text, Ledger& ledger, uint32_t loan = 0, int lane = 0) {
  link.send(lane, reinterpret_cast<const std::byte*>(text.data()), text.size(), 7, ledger, loan);
}

TEST_CASE("a frame that comes byte by byte is a slice once its last byte is there") {
  WiredLink wired;
  const HeaderBytes header = slice_header(5, 0).pack();
  const std::string bytes = std::string{reinterpret_cast<const char*>(header.data()), header.size()} + "hello";
  for (const char byte : bytes) {
    REQUIRE(wired.link().peek(0) == nullptr);
    wired.tell(0, std::string{byte});
  }
  const Incoming* slice = wired.link().peek(0);
  REQUIRE(slice != nullptr);
  CHECK(text_of(*slice) == "hello");
  CHECK(slice->signature == 7);
}

TEST_CASE("the parts of striped slices may come in any order, the slices stay in theirs") {
  WiredLink wired;
  const std::string first = pattern(3000), second = pattern(2500);
  Header striped = slice_header(3000, 0);
  striped.first = 1;
  striped.parts = 2;
  Header whole = slice_header(2500, 1);
  whole.first = 2;
  const size_t each = part_bytes(3000, 2);
  wired.tell(2, first.substr(each) + second);
  wired.tell(striped);
  wired.tell(whole);
  CHECK(wired.link().peek(0) == nullptr);  // the second is there, but not the first
  wired.tell(1, first.substr(0, each));
  REQUIRE(wired.link().peek(0) != nullptr);
  CHECK(text_of(*wired.link().peek(0)) == first);
  wired.link().release(0);
  REQUIRE(wired.link().peek(0) != nullptr);
  CHECK(text_of(*wired.link().peek(0)) == second);
}

TEST_CASE("what a link sends in stripes is whole again at the far end") {
  WiredLink here, there;
  Ledger ledger;
  const std::vector<std::string> texts{pattern(16000), "small", pattern(1500), pattern(7000)};
  for (uint32_t i = 0; i < texts.size(); ++i) send(here.link(), texts[i], ledger, i);
  CHECK(ledger.returned.size() == texts.size());
  // Socket 0 last: parts must be able to wait for their headers.
  for (int socket = link_options.sockets - 1; socket >= 0; --socket) {
    const std::string bytes = here.heard(socket);
    if (socket > 0) CHECK(bytes.size() > 0);
    there.tell(socket, bytes);
  }
  for (const std::string& text : texts) {
    REQUIRE(there.link().peek(0) != nullptr);
    CHECK(text_of(*there.link().peek(0)) == text);
    there.link().release(0);
  }
}

TEST_CASE("a lane without credit has no room, another lane has") {
  WiredLink wired;
  Ledger ledger;
  for (int i = 0; i < link_options.slices_max; ++i) {
    REQUIRE(wired.link().has_room(0));
    send(wired.link(), "x", ledger);
  }
  CHECK_FALSE(wired.link().has_room(0));
  CHECK(wired.link().has_room(1));
  wired.tell({.kind = FrameKind::credit, .lane = 0, .credits = 1});
  CHECK(wired.link().has_room(0));
  send(wired.link(), "x", ledger);
  CHECK_FALSE(wired.link().has_room(0));
}

TEST_CASE("releases are told with the next slice that goes back, or when half of them are owed") {
  WiredLink wired;
  Ledger ledger;
  const auto receive = [&](uint32_t sequence) {
    wired.tell(slice_header(0, sequence));
    REQUIRE(wired.link().peek(0) != nullptr);
    wired.link().release(0);
  };
  const auto heard_header = [&] {
    const std::string bytes = wired.heard(0);
    REQUIRE(bytes.size() >= header_bytes);
    return Header::unpack(reinterpret_cast<const std::byte*>(bytes.data()));
  };
  receive(0);
  CHECK(wired.heard(0).empty());
  send(wired.link(), "x", ledger);
  CHECK(heard_header().credits == 1);
  receive(1);
  receive(2);
  CHECK(heard_header() == Header{.kind = FrameKind::credit, .lane = 0, .credits = 2});
  receive(3);
  wired.link().settle_credits();
  CHECK(wired.heard(0).empty());
  for (int i = 0; i < 5; ++i) wired.link().settle_credits();
  CHECK(heard_header() == Header{.kind = FrameKind::credit, .lane = 0, .credits = 1});
}

TEST_CASE("a loan comes back when the socket has taken the slice, and not before") {
  WiredLink wired;
  Ledger ledger;
  Options small = link_options;
  small.slices_max = 16;
  small.sockets = 1;
  WiredLink narrow{small};
  const std::string text = pattern(16000);
  for (uint32_t i = 0; i < 16; ++i) {
    send(narrow.link(), text, ledger, i, 0);
    send(narrow.link(), text, ledger, 100 + i, 1);
  }
  REQUIRE_FALSE(narrow.link().is_flushed());  // more than a socket holds
  CHECK(ledger.returned.size() < 32);
  size_t heard = 0;
  while (!narrow.link().is_flushed()) {
    heard += narrow.heard(0).size();
    narrow.link().flush();
  }
  CHECK(heard + narrow.heard(0).size() == 32 * (text.size() + header_bytes));
  CHECK(ledger.returned.size() == 32);
}

TEST_CASE("slots are used again, so waiting slices alone decide how much memory is touched") {
  WiredLink wired;
  for (uint32_t sequence = 0; sequence < 100; ++sequence) {
    wired.tell(slice_header(100, sequence));
    wired.tell(0, pattern(100));
    REQUIRE(wired.link().peek(0) != nullptr);
    wired.link().release(0);
    wired.heard(0);
  }
  CHECK(wired.link().slots().touched_bytes() == link_options.slot_bytes);
}

TEST_CASE("garbage is an error that names the peer and what it was") {
  struct Wrong {
    Header header;
    const char* named;
  };
  Header striped = slice_header(100, 0);
  striped.parts = 4;
  Header beyond = slice_header(100, 0);
  beyond.first = 3;
  Header no_part = slice_header(100, 0);
  no_part.parts = 0;
  Header empty_elsewhere = slice_header(0, 0);
  empty_elsewhere.first = 1;
  Header empty_part = slice_header(64, 0);
  empty_part.parts = 2;
  Header padded = slice_header(0, 0);
  padded.padding = 3;
  const std::vector<Wrong> wrongs{{{.kind = static_cast<FrameKind>(0)}, "kind 0"},
                                  {padded, "3 bytes of padding before nothing"},
                                  {{.kind = FrameKind::credit, .lane = 2}, "lane 2"},
                                  {{.kind = FrameKind::credit, .lane = 0, .credits = 1}, "1 credits for 0 slices"},
                                  {slice_header((16 << 10) + 1, 0), "16385 bytes"},
                                  {slice_header(8, 1), "slice 1 of lane 0 instead of slice 0"},
                                  {striped, "4 parts"},
                                  {beyond, "socket 3"},
                                  {no_part, "0 parts"},
                                  {empty_elsewhere, "0 bytes"},
                                  {empty_part, "2 parts"}};
  for (const Wrong& wrong : wrongs) {
    WiredLink wired;
    wired.tell(wrong.header);
    CHECK_THAT(wired.trouble(), Contains("rank 0 (host a)") && Contains("rank 3 (host b, 192.0.2.7:4000)") &&
                                    Contains(wrong.named));
  }
}

TEST_CASE("a peer that sends more slices than it has credit for is found out") {
  WiredLink wired;
  for (uint32_t i = 0; i < 5; ++i) wired.tell(slice_header(0, i));
  CHECK_THAT(wired.trouble(), Contains("more than 4 slices on lane 0"));
}

TEST_CASE("part of a word on the idle socket is no word yet") {
  WiredLink wired;
  const std::string word(word_bytes, 'x');
  wired.tell(wired.sockets() - 1, word.substr(0, 1));
  CHECK_FALSE(wired.link().word().has_value());
  wired.tell(wired.sockets() - 1, word.substr(1));
  const std::optional<Word> whole = wired.link().word();
  REQUIRE(whole.has_value());
  CHECK(std::string(whole->data(), whole->size()) == word);
  CHECK(wired.trouble() == "");
}

TEST_CASE("a peer that closes without a goodbye has died, with a goodbye it has left") {
  WiredLink died;
  for (int socket = 0; socket < died.sockets(); ++socket) died.close(socket);
  CHECK_THAT(died.trouble(), Contains("rank 3 (host b, 192.0.2.7:4000)") && Contains("without a goodbye"));

  WiredLink left;
  left.tell({.kind = FrameKind::goodbye});
  for (int socket = 0; socket < left.sockets(); ++socket) left.close(socket);
  CHECK(left.trouble().empty());
  left.link().look_after(now_ns() + 10'000'000'000);
  CHECK(left.trouble().empty());
}

TEST_CASE("what a peer sent before it left can be had, more is an error") {
  WiredLink wired;
  wired.tell(slice_header(2, 0));
  wired.tell(0, "hi");
  wired.tell({.kind = FrameKind::goodbye});
  for (int socket = 0; socket < wired.sockets(); ++socket) wired.close(socket);
  REQUIRE(wired.link().peek(0) != nullptr);
  CHECK(text_of(*wired.link().peek(0)) == "hi");
  wired.link().release(0);
  CHECK(wired.trouble().empty());
  CHECK(wired.link().peek(0) == nullptr);
  CHECK_THAT(wired.trouble(), Contains("has left the communicator") && Contains("a slice of it"));
}

TEST_CASE("the end of any socket is an end, though the goodbye may still be on its way by another") {
  for (const int socket : {1, link_options.sockets}) {
    WiredLink wired;
    wired.close(socket);
    const int64_t now = now_ns();
    if (socket == 1) {  // read only when something is expected there
      Header header = slice_header(2000, 0);
      header.first = 1;
      wired.tell(header);
    }
    wired.link().read();
    wired.link().look_after(now);
    CHECK(wired.trouble().empty());
    wired.link().look_after(now_ns() + 600'000'000);
    CHECK_THAT(wired.trouble(), Contains("without a goodbye"));
  }
}

TEST_CASE("a peer that leaves in the middle of a slice is an error") {
  WiredLink wired;
  Header header = slice_header(2000, 0);
  header.first = 1;
  wired.tell(header);
  wired.tell(1, pattern(500));
  wired.tell({.kind = FrameKind::goodbye});
  for (int socket = 0; socket < wired.sockets(); ++socket) wired.close(socket);
  wired.link().read();
  CHECK_THAT(wired.trouble(), Contains("has left in the middle of a slice"));
}

TEST_CASE("loans towards a peer that is gone come back at once") {
  WiredLink wired;
  for (int socket = 0; socket < wired.sockets(); ++socket) wired.close(socket);
  Ledger ledger;
  send(wired.link(), "x", ledger, 1);
  send(wired.link(), "y", ledger, 2);
  CHECK(ledger.returned.size() == 2);
  CHECK(wired.link().is_flushed());
  CHECK_FALSE(wired.trouble().empty());
}

}  // namespace
}  // namespace bccl::test
