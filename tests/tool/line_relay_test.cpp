#include "tools/bccl/line_relay.h"

#include <optional>
#include <string>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"

namespace bccl::tool {
namespace {

/// A relay between two pipes.
struct Channel {
  Channel() {
    int in[2], out[2];
    REQUIRE(pipe(in) == 0);
    REQUIRE(pipe(out) == 0);
    write_end = FileDescriptor(in[1]);
    to = FileDescriptor(out[1]);
    read_end = FileDescriptor(out[0]);
    fcntl(read_end.get(), F_SETFL, O_NONBLOCK);
    relay.emplace(FileDescriptor(in[0]), to.get(), "[3] ");
  }
  void say(const std::string& text) {
    REQUIRE(write(write_end.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  std::string heard() {
    char block[65536];
    const ssize_t bytes = read(read_end.get(), block, sizeof block);
    return std::string(block, bytes > 0 ? static_cast<size_t>(bytes) : 0);
  }
  FileDescriptor write_end, read_end, to;
  std::optional<LineRelay> relay;
};

}  // namespace

TEST_CASE("every complete line gets the prefix") {
  Channel channel;
  channel.say("one\n\nthree\n");
  channel.relay->pump();
  CHECK(channel.heard() == "[3] one\n[3] \n[3] three\n");
}

TEST_CASE("half a line waits for its end") {
  Channel channel;
  channel.say("ha");
  channel.relay->pump();
  CHECK(channel.heard().empty());
  channel.say("lf\nnext");
  channel.relay->pump();
  CHECK(channel.heard() == "[3] half\n");
}

TEST_CASE("a last line without an end is passed on when the stream ends") {
  Channel channel;
  channel.say("last");
  channel.write_end = FileDescriptor();
  channel.relay->pump();
  channel.relay->pump();
  CHECK(channel.heard() == "[3] last\n");
  CHECK_FALSE(channel.relay->open());
}

TEST_CASE("finishing does not wait for a writer that stays") {
  Channel channel;
  channel.say("still here");
  channel.relay->finish();
  CHECK(channel.heard() == "[3] still here\n");
}

TEST_CASE("a line without end does not grow without bound") {
  Channel channel;
  const std::string piece(32768, 'x');
  // The relay waits while nobody reads, so someone must: until the whole unfinished line has been passed on.
  size_t passed_on = 0;
  std::thread reader([&] {
    const Deadline deadline = Deadline::after_ms(20'000);
    while (passed_on <= LineRelay::line_bytes_max && !deadline.passed()) {
      passed_on += channel.heard().size();
      std::this_thread::yield();
    }
  });
  for (size_t sent = 0; sent <= LineRelay::line_bytes_max; sent += piece.size()) {
    channel.say(piece);
    channel.relay->pump();
  }
  reader.join();
  CHECK(passed_on > LineRelay::line_bytes_max);
}

}  // namespace bccl::tool
