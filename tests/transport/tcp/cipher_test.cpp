#include "transport/tcp/cipher.h"

#include <array>
#include <cerrno>
#include <string>

#include <catch2/catch.hpp>
#include <sys/socket.h>

namespace bccl::test {
namespace {

using tcp::Cipher;

Tag key(uint8_t of) {
  Tag tag;
  tag.fill(of);
  return tag;
}

/// Two ends, with a chance to look at and meddle with what goes from one to the other.
struct Wire {
  Wire() {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    near = FileDescriptor{ends[0]};
    middle_near = FileDescriptor{ends[1]};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    middle_far = FileDescriptor{ends[0]};
    far = FileDescriptor{ends[1]};
  }
  std::string taken() {
    std::string all;
    std::array<char, 4096> some;
    for (ssize_t count; (count = recv(middle_near.get(), some.data(), some.size(), 0)) > 0;)
      all.append(some.data(), static_cast<size_t>(count));
    return all;
  }
  void put(const std::string& bytes) {
    REQUIRE(send(middle_far.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  }
  FileDescriptor near, middle_near, middle_far, far;
};

size_t say(Cipher& cipher, int socket, const std::string& text) {
  const iovec pieces[2] = {{const_cast<char*>(text.data()), text.size() / 2},
                           {const_cast<char*>(text.data()) + text.size() / 2, text.size() - text.size() / 2}};
  return cipher.send(socket, pieces).bytes;
}

/// What can be read now; "errno N" if the stream has ended.
std::string hear(Cipher& cipher, int socket, size_t at_most = 1 << 20) {
  std::string text(at_most, '\0');
  const iovec piece{text.data(), text.size()};
  const Transfer transfer = cipher.receive(socket, {&piece, 1});
  if (transfer.gone) return "errno " + std::to_string(transfer.error);
  text.resize(transfer.bytes);
  return text;
}

TEST_CASE("what is encrypted at one end is read at the other, and unreadable in between") {
  Wire wire;
  Cipher one{key(1), key(2)}, other{key(2), key(1)};
  const std::string text = "a secret that nobody is to see on its way";
  REQUIRE(say(one, wire.near.get(), text) == text.size());
  const std::string sealed = wire.taken();
  CHECK(sealed.size() > text.size());
  CHECK(sealed.find("secret") == std::string::npos);
  for (size_t i = 0; i < sealed.size(); ++i) {
    CHECK(hear(other, wire.far.get()).empty());
    wire.put(sealed.substr(i, 1));
  }
  CHECK(hear(other, wire.far.get(), 10) == text.substr(0, 10));
  CHECK(hear(other, wire.far.get()) == text.substr(10));
}

TEST_CASE("one send takes a record at most, and many records are one stream") {
  Wire wire;
  Cipher one{key(1), key(2)}, other{key(2), key(1)};
  const std::string text(100'000, 'x');
  std::string heard;
  size_t said = 0;
  while (said < text.size()) {
    const size_t some = say(one, wire.near.get(), text.substr(said));
    CHECK(some <= Cipher::record_bytes_max);
    said += some;
    wire.put(wire.taken());
    heard += hear(other, wire.far.get());
  }
  CHECK(heard == text);
}

TEST_CASE("a record that was changed, repeated, left out or made with another key is refused") {
  const auto heard_after = [](auto meddle, uint8_t of_reader = 1) {
    Wire wire;
    Cipher one{key(1), key(2)}, other{key(2), key(of_reader)};
    say(one, wire.near.get(), "first");
    const std::string first = wire.taken();
    say(one, wire.near.get(), "second");
    wire.put(meddle(first, wire.taken()));
    std::string heard;
    for (int i = 0; i < 3; ++i) heard += hear(other, wire.far.get()) + ";";
    return heard;
  };
  const std::string refused = "errno " + std::to_string(EBADMSG);
  using Text = std::string;
  CHECK(heard_after([](Text first, Text second) { return first + second; }) == "firstsecond;;;");
  CHECK_THAT(heard_after([](Text first, Text second) { return first + first.substr(24) + second; }),
             Catch::StartsWith("first;" + refused));
  CHECK_THAT(heard_after([](Text first, Text second) { return first.substr(0, 24) + second; }),
             Catch::StartsWith(refused));
  for (const size_t at : {0, 30, 45})
    CHECK_THAT(heard_after([at](Text first, Text second) {
                 first[at] = static_cast<char>(first[at] ^ 1);
                 return first + second;
               }),
               Catch::StartsWith(refused));
  CHECK_THAT(heard_after([](Text first, Text second) { return first + second; }, 9), Catch::StartsWith(refused));
}

}  // namespace
}  // namespace bccl::test
