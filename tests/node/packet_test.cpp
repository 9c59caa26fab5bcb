#include "node/packet.h"

#include <algorithm>
#include <thread>

#include <catch2/catch.hpp>
#include <sys/socket.h>

#include "node/doorbell.h"
#include "node/proof.h"
#include "nodes.h"

using namespace bccl;
using namespace bccl::test;

namespace {

struct Line {
  FileDescriptor here;
  FileDescriptor there;
};

Line line() {
  int ends[2];
  expect(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0, "no sockets");
  return {FileDescriptor{ends[0]}, FileDescriptor{ends[1]}};
}

}  // namespace

TEST_CASE("descriptors of several packets arrive in order") {
  constexpr size_t count = 2 * packet_descriptors_max + 7;
  const Line ends = line();
  std::vector<FileDescriptor> doorbells;
  std::vector<int> numbers;
  for (size_t i = 0; i < count; ++i) {
    doorbells.push_back(make_doorbell().value());
    numbers.push_back(doorbells.back().get());
  }
  Status sent;
  std::thread sender([&] { sent = send_descriptors(ends.here.get(), numbers, patience()); });
  const auto received = receive_descriptors(ends.there.get(), count, patience());
  sender.join();
  REQUIRE(sent.ok());
  REQUIRE(received.ok());
  REQUIRE(received.value().size() == count);
  bool in_order = true;
  for (size_t i = 0; i < count; ++i) {
    ring_doorbell(numbers[i]);
    in_order = in_order && wait_for_ring(received.value()[i].get(), 0);
  }
  CHECK(in_order);
}

TEST_CASE("descriptors that were not asked for are refused and do not stay open") {
  const Line ends = line();
  const int before = open_descriptors();
  const int attached[] = {0, 1};
  REQUIRE(send_packet(ends.here.get(), "gift", attached, patience()).ok());
  REQUIRE(send_packet(ends.here.get(), "gift", attached, patience()).ok());
  CHECK_FALSE(try_receive_packet(ends.there.get(), 0).ok());
  CHECK_FALSE(try_receive_packet(ends.there.get(), 1).ok());
  CHECK(open_descriptors() == before);
}

TEST_CASE("a packet of the largest size is taken, and one larger by a byte refused") {
  const Line ends = line();
  REQUIRE(send_packet(ends.here.get(), std::string(packet_bytes_max, 'x'), {}, patience()).ok());
  REQUIRE(send_packet(ends.here.get(), std::string(packet_bytes_max + 1, 'x'), {}, patience()).ok());
  CHECK(receive_packet(ends.there.get(), 0, patience()).value().bytes.size() == packet_bytes_max);
  CHECK(receive_packet(ends.there.get(), 0, patience()).code() == Code::remote_error);
}

TEST_CASE("waiting for a packet ends at the deadline") {
  const Line ends = line();
  CHECK(receive_packet(ends.there.get(), 0, Deadline::after_ms(5)).code() == Code::timeout);
}

TEST_CASE("a closed connection is an error of the other side") {
  Line ends = line();
  ends.here = FileDescriptor{};
  CHECK(receive_packet(ends.there.get(), 0, patience()).code() == Code::remote_error);
  CHECK(send_packet(ends.there.get(), "hello", {}, patience()).code() == Code::remote_error);
}

TEST_CASE("nobody listening is an error of the other side") {
  const FileDescriptor socket = open_local_socket().value();
  CHECK(connect_locally(socket.get(), "bccl-nobody-of-this-name", patience()).code() == Code::remote_error);
}

TEST_CASE("a proof holds for one side, one dialogue, one secret and one meeting only") {
  const ProofKey key = ProofKey::make("secret", "meeting").value();
  const Dialogue dialogue{3, random_nonce(), random_nonce()};
  const Proof proof = key.of_guest(dialogue);
  CHECK(ProofKey::same(proof, ProofKey::make("secret", "meeting").value().of_guest(dialogue)));
  CHECK_FALSE(ProofKey::same(proof, key.of_host(dialogue)));
  CHECK_FALSE(ProofKey::same(proof, key.of_guest({4, dialogue.guest, dialogue.host})));
  CHECK_FALSE(ProofKey::same(proof, key.of_guest({3, random_nonce(), dialogue.host})));
  CHECK_FALSE(ProofKey::same(proof, key.of_guest({3, dialogue.guest, random_nonce()})));
  CHECK_FALSE(ProofKey::same(proof, ProofKey::make("Secret", "meeting").value().of_guest(dialogue)));
  CHECK_FALSE(ProofKey::same(proof, ProofKey::make("secret", "meetings").value().of_guest(dialogue)));
}
