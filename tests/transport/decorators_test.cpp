// What the decorators add to a transport. That they break nothing is for the conformance tests to show.
#include <algorithm>
#include <array>

#include "conformance.h"
#include "mailbox.h"
#include "transport/decorators/delayed.h"
#include "transport/decorators/faulty.h"
#include "transport/decorators/traced.h"

namespace bccl::test {
namespace {

/// A mailbox group with rank 0's endpoint decorated.
template <class Decorate>
Group decorate_rank_0(int ranks, Decorate decorate) {
  return Group{{"decorated",
                [&](int n) {
                  Endpoints endpoints = make_mailbox_group(n);
                  endpoints[0] = decorate(std::move(endpoints[0]));
                  return endpoints;
                }},
               ranks};
}
Group delayed_group(int ranks, const Delays& delays) {
  return decorate_rank_0(ranks, [&](auto inner) { return delayed(std::move(inner), delays); });
}
Group faulty_group(int ranks, const Fault& fault) {
  return decorate_rank_0(ranks, [&](auto inner) { return faulty(std::move(inner), 0, fault); });
}

/// How often each of `count` slices, from and to rank 0, was denied: a string to compare.
std::string denials(Group& group, int count) {
  std::string text;
  const auto ask = [&](auto answered) {
    int denied = 0;
    while (!answered()) ++denied;
    text += fmt::format("{} ", denied);
  };
  for (int i = 0; i < count; ++i) {
    Sender& out = group.sender(0, {1});
    ask([&] { return out.try_acquire(8) != nullptr; });
    out.commit(8, 0);
    group.peek(group.receiver(1, 0));
    group.receiver(1, 0).release();
    group.send(group.sender(1, {0}), {1, 8});
    ask([&] { return group.receiver(0, 1).try_peek().data != nullptr; });
    group.receiver(0, 1).release();
  }
  return text;
}

TEST_CASE("Delays are the same for the same seed and others for another") {
  Group one = delayed_group(2, {.seed = 1});
  Group same = delayed_group(2, {.seed = 1});
  Group other = delayed_group(2, {.seed = 2});
  const std::string expected = denials(one, 50);
  CHECK(denials(same, 50) == expected);
  CHECK(denials(other, 50) != expected);
}

TEST_CASE("Delays do not depend on the order in which connections are asked for") {
  Group one = delayed_group(3, {});
  Group other = delayed_group(3, {});
  other.receiver(0, 2);
  other.sender(0, {2, 1});
  other.receiver(0, 1);
  CHECK(denials(other, 50) == denials(one, 50));
}

TEST_CASE("Delays of probability 0 deny nothing") {
  Group group = delayed_group(2, {.probability = 0});
  CHECK(denials(group, 3) == "0 0 0 0 0 0 ");
}

TEST_CASE("Delays of probability 1 deny every slice, by all lengths up to the burst") {
  Group group = delayed_group(2, {.probability = 1, .burst_max = 3});
  const std::string text = denials(group, 50);
  std::string lengths = text;
  std::ranges::sort(lengths);
  const auto repeated = std::ranges::unique(lengths);
  lengths.erase(repeated.begin(), repeated.end());
  CHECK(lengths == " 123");
}

TEST_CASE("Delays show a later slice of one connection before an earlier one of another") {
  Group group = delayed_group(3, {});
  int swapped = 0;
  for (uint64_t serial = 0; serial < 50; ++serial) {
    group.send(group.sender(1, {0}), {serial, 8});
    group.send(group.sender(2, {0}), {serial, 8});
    const bool first = group.receiver(0, 1).try_peek().data != nullptr;
    const bool second = group.receiver(0, 2).try_peek().data != nullptr;
    swapped += !first && second;
    group.receive(group.receiver(0, 1), {serial, 8});
    group.receive(group.receiver(0, 2), {serial, 8});
  }
  CHECK(swapped > 0);
  CHECK(swapped < 50);
}

TEST_CASE("A stopped endpoint lets the operations before go, then nothing moves") {
  Group group = faulty_group(3, {.kind = Fault::Kind::stop, .after = 3});
  Sender& out = group.sender(0, {2});
  Receiver& in = group.receiver(0, 1);
  group.send(group.sender(1, {0}), {1, 8});
  group.send(group.sender(1, {0}), {2, 8});
  group.send(out, {3, 8});    // operation 1
  group.receive(in, {1, 8});  // operation 2
  group.send(out, {4, 8});    // operation 3
  group.receive(in, {2, 8});  // lost
  const Status status = group[0].poll();
  CHECK(status.code() == Code::remote_error);
  CHECK(status.sentence() == "rank 0: peer 1 stopped answering after 3 operations (injected fault)");
  CHECK(out.try_acquire(8) == nullptr);
  CHECK(in.try_peek().data == nullptr);
  CHECK(group[1].poll().ok());
  CHECK(group.receiver(2, 0).try_peek().data != nullptr);
}

TEST_CASE("A commit that is lost to a stop never arrives") {
  Group group = faulty_group(2, {.kind = Fault::Kind::stop, .after = 0});
  Sender& out = group.sender(0, {1});
  CHECK(group[0].poll().ok());
  REQUIRE(out.try_acquire(8) != nullptr);
  out.commit(8, 0);
  CHECK_FALSE(group[0].poll().ok());
  CHECK(group.receiver(1, 0).try_peek().data == nullptr);
}

TEST_CASE("A fault on a named connection leaves other connections uncounted") {
  Group group = faulty_group(3, {.kind = Fault::Kind::stop, .after = 1, .peer = 2, .lane = 1});
  for (uint64_t serial = 0; serial < 10; ++serial) {
    group.send(group.sender(0, {1}, 1), {serial, 8});
    group.receive(group.receiver(1, 0, 1), {serial, 8});
    group.send(group.sender(0, {2}, 0), {serial, 8});
    group.receive(group.receiver(2, 0, 0), {serial, 8});
  }
  group.send(group.sender(0, {1, 2}, 1), {1, 8});  // the one that goes well
  CHECK(group[0].poll().ok());
  group.send(group.sender(0, {1, 2}, 1), {2, 8});
  CHECK_THAT(group[0].poll().sentence(), Catch::Contains("peer 2 "));
}

TEST_CASE("A fault that never comes lets everything go") {
  Group group = faulty_group(2, {.kind = Fault::Kind::stop, .after = -1});
  for (uint64_t serial = 0; serial < 100; ++serial) {
    group.send(group.sender(0, {1}), {serial, 8});
    group.receive(group.receiver(1, 0), {serial, 8});
  }
  CHECK(group[0].poll().ok());
}

/// What is wrong with each of five slices of 100 bytes through rank 0 of a faulty group, there and back.
std::array<std::string, 2> differences(const Fault& fault) {
  Group out = faulty_group(2, fault);
  Group in = faulty_group(2, fault);
  std::array<std::string, 2> found;
  const auto carry = [](Group& group, int from, const Sample& slice) {
    group.send(group.sender(from, {1 - from}), slice);
    Receiver& receiver = group.receiver(1 - from, from);
    group.peek(receiver);
    const std::string difference = slice.difference(group.peek(receiver));
    receiver.release();
    return difference;
  };
  for (uint64_t serial = 0; serial < 5; ++serial) {
    if (const std::string d = carry(out, 0, {serial, 100}); !d.empty())
      found[0] += fmt::format("{}: {}", serial, d);
    if (const std::string d = carry(in, 1, {serial, 100}); !d.empty())
      found[1] += fmt::format("{}: {}", serial, d);
  }
  return found;
}

TEST_CASE("A flipped signature is that of the chosen commit alone") {
  const auto [out, in] = differences({.kind = Fault::Kind::flip_signature, .after = 3});
  const uint32_t right = Sample{3, 100}.signature();
  CHECK(out == fmt::format("3: signature {:08x} arrived with 100 bytes, not {:08x}", right ^ 1, right));
  CHECK(in == "");
}

TEST_CASE("A flipped bit is in the content of the chosen commit alone") {
  const auto [out, in] = differences({.kind = Fault::Kind::flip_bit, .after = 2});
  CHECK(out == "2: wrong content within bytes 48 … 55 of 100");
  CHECK(in == "");
}

TEST_CASE("A truncated slice is the chosen arrival alone") {
  const auto [out, in] = differences({.kind = Fault::Kind::truncate, .after = 1});
  CHECK(out == "");
  CHECK(in == "1: 50 bytes arrived, not 100");
}

TEST_CASE("A trace shows who did what on which connection, in order") {
  const auto trace = std::make_shared<Trace>(100);
  Group group = decorate_rank_0(3, [&](auto inner) { return traced(std::move(inner), 0, trace); });
  const int64_t start = now_ns();
  group.send(group.sender(0, {1, 2}, 1), {1, 48});
  group.send(group.sender(2, {0}), {2, 7});
  CHECK(group.receiver(0, 1).try_peek().data == nullptr);
  group.peek(group.receiver(0, 2));
  group.receive(group.receiver(0, 2), {2, 7});

  std::string lines;
  int64_t time = start;
  for (const Trace::Record& record : trace->records()) {
    CHECK(record.time_ns >= time);
    time = record.time_ns;
    const Trace::End& end = trace->ends()[record.end];
    lines += fmt::format("{} {} {} {} {}; ", int(record.event), end.rank, end.peers.size(), end.lane,
                         record.bytes);
  }
  CHECK(time <= now_ns());
  CHECK(lines == "0 0 2 1 48; 1 0 2 1 48; 2 0 1 0 7; 3 0 1 0 7; ");
}

TEST_CASE("A trace reads as text") {
  const auto trace = std::make_shared<Trace>(100);
  Group group = decorate_rank_0(3, [&](auto inner) { return traced(std::move(inner), 0, trace); });
  group.send(group.sender(0, {1, 2}, 1), {1, 48});
  group.send(group.sender(2, {0}), {2, 7});
  group.receive(group.receiver(0, 2), {2, 7});
  std::string text = trace->text();
  for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    CHECK(text.find(" us", at) - at == 10);  // the times differ from run to run
    text.erase(at, 10);
  }
  CHECK(text ==
        " us  rank 0 to 1,2 lane 1: acquire 48 bytes\n"
        " us  rank 0 to 1,2 lane 1: commit 48 bytes\n"
        " us  rank 0 from 2 lane 0: peek 7 bytes\n"
        " us  rank 0 from 2 lane 0: release 7 bytes\n");
}

TEST_CASE("A trace keeps the newest records and says how many it dropped") {
  const auto trace = std::make_shared<Trace>(5);
  Group group = decorate_rank_0(2, [&](auto inner) { return traced(std::move(inner), 0, trace); });
  for (size_t bytes = 1; bytes <= 10; ++bytes) {
    group.send(group.sender(0, {1}), {bytes, bytes});
    group.receive(group.receiver(1, 0), {bytes, bytes});
  }
  std::vector<size_t> bytes;
  for (const Trace::Record& record : trace->records()) bytes.push_back(record.bytes);
  CHECK(bytes == std::vector<size_t>{8, 9, 9, 10, 10});
  CHECK(trace->dropped() == 15);
  CHECK_THAT(trace->text(), Catch::StartsWith("(15 older records dropped)\n"));
}

TEST_CASE("Decorators pass on what they do not change") {
  const MailboxShape shape{.lanes = 5, .slices_max = 7, .slice_bytes_max = 1008};
  Endpoints bare = make_mailbox_group(2, shape);
  Endpoints group = make_mailbox_group(2, shape);
  auto wrapped =
      traced(faulty(delayed(std::move(group[0]), {}), 0, {.after = -1}), 0, std::make_shared<Trace>(1));
  CHECK(wrapped->transport() == "mailbox");
  CHECK(wrapped->lanes() == 5);
  CHECK(wrapped->slices_max() == 7);
  CHECK(wrapped->slice_bytes_max() == 1008);
  CHECK(wrapped->stores() == bare[0]->stores());
  CHECK(wrapped->memory().reserved == bare[0]->memory().reserved);
  const int nobody = 2;
  CHECK(wrapped->sender({&nobody, 1}, 0).sentence() == bare[0]->sender({&nobody, 1}, 0).sentence());
  CHECK(wrapped->receiver(nobody, 0).sentence() == bare[0]->receiver(nobody, 0).sentence());
}

}  // namespace
}  // namespace bccl::test
