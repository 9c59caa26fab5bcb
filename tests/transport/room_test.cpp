// What every connection promises about room: at least one slice, at most slices_max(), and never at the mercy
// of the other connections. The deadlock proof of plans rests on this.
#include <algorithm>

#include "../support/sanitized.h"
#include "conformance.h"

namespace bccl::test {
namespace {

/// A connection that counts, so that tests can fill and drain it.
struct Link {
  Sender& sender;
  Receiver& receiver;
  int from, to, lane;
  uint64_t sent = 0;
  uint64_t received = 0;

  Sample slice(uint64_t serial, size_t bytes) const { return {key_of(from, to, lane, serial), bytes}; }
};

Link make_link(Group& group, int from, int to, int lane) {
  return {group.sender(from, {to}, lane), group.receiver(to, from, lane), from, to, lane};
}

std::vector<Link> all_links(Group& group) {
  std::vector<Link> links;
  for (int from = 0; from < group.size(); ++from)
    for (int to : group.all_but(from))
      for (int lane = 0; lane < group.any().lanes(); ++lane)
        links.push_back(make_link(group, from, to, lane));
  return links;
}

void fill(Group& group, Link& link, size_t bytes) {
  while (group.try_send(link.sender, link.slice(link.sent, bytes))) ++link.sent;
}

/// Takes what room there is at once: all that a rival does who was full before.
void refill(Link& link, size_t bytes) {
  for (; std::byte* memory = link.sender.try_acquire(bytes); ++link.sent) {
    const Sample slice = link.slice(link.sent, bytes);
    slice.write(memory);
    link.sender.commit(bytes, slice.signature());
  }
}

/// Receives until `left` slices are in flight.
void drain(Group& group, Link& link, size_t bytes, uint64_t left = 0) {
  while (link.received + left < link.sent) group.receive(link.receiver, link.slice(link.received++, bytes));
}

TEST_CASE("A connection holds the promised slices at least and slices_max() at most") {
  Group group = Group::each();
  for (size_t bytes : slice_sizes(group.any().slice_bytes_max())) {
    Link link = make_link(group, 0, group.size() - 1, 0);
    fill(group, link, bytes);
    CHECK(link.sent >= slices_promised);
    CHECK(link.sent <= static_cast<uint64_t>(group.any().slices_max()));
    drain(group, link, bytes);
  }
}

TEST_CASE("A peek makes no room, a release does") {
  Group group = Group::each();
  for (size_t bytes : slice_sizes(group.any().slice_bytes_max())) {
    Link link = make_link(group, 0, 1, 0);
    fill(group, link, bytes);
    REQUIRE(link.slice(0, bytes).difference(group.peek(link.receiver)) == "");
    CHECK_FALSE(group.try_send(link.sender, link.slice(link.sent, bytes)));
    link.receiver.release();
    ++link.received;
    group.send(link.sender, link.slice(link.sent++, bytes));
    drain(group, link, bytes);
  }
}

TEST_CASE("Every connection gets memory while all the others have acquired theirs") {
  Group group = Group::each();
  const size_t bytes = group.any().slice_bytes_max();
  std::vector<Link> links = all_links(group);
  std::vector<std::byte*> memories;
  for (Link& link : links) {
    INFO("rank " << link.from << " to " << link.to << " on lane " << link.lane);
    memories.push_back(group.acquire(link.sender, bytes));
    REQUIRE(memories.back() != nullptr);
  }
  for (size_t i = links.size(); i-- > 0;) {
    const Sample slice = links[i].slice(links[i].sent++, bytes);
    slice.write(memories[i]);
    links[i].sender.commit(bytes, slice.signature());
  }
  for (Link& link : links) drain(group, link, bytes);
}

TEST_CASE("Every connection holds the promised slices at the same time") {
  Group group = Group::each();
  const size_t bytes = group.any().slice_bytes_max();
  std::vector<Link> links = all_links(group);
  for (int slice = 0; slice < slices_promised; ++slice)
    for (Link& link : links) group.send(link.sender, link.slice(link.sent++, bytes));
  for (Link& link : links) drain(group, link, bytes);
}

TEST_CASE("A connection carries slices for ever while all the others are full") {
  Group group = Group::each();
  const size_t size = std::min(GENERATE(size_t{1}, size_t{4096}, SIZE_MAX), group.any().slice_bytes_max());
  std::vector<Link> links = all_links(group);
  for (Link& link : links) fill(group, link, size);
  const size_t stride = std::max<size_t>(1, links.size() / (sanitized ? 4 : 12));  // so many links stand for all
  for (size_t chosen = 0; chosen < links.size(); chosen += stride) {
    Link& link = links[chosen];
    INFO("rank " << link.from << " to " << link.to << " on lane " << link.lane << ", slices of " << size);
    const auto rivals_take_what_is_free = [&] {
      for (Link& rival : links)
        if (rival.from == link.from && &rival != &link) refill(rival, size);
    };
    for (int lap = 0; lap < 3 * group.any().slices_max(); ++lap) {
      drain(group, link, size, slices_promised - 1);
      rivals_take_what_is_free();
      group.send(link.sender, link.slice(link.sent++, size));
    }
  }
  for (Link& link : links) drain(group, link, size);
}

TEST_CASE("A connection made while others are full has its room when they have drained") {
  Group group = Group::each();
  const size_t bytes = group.any().slice_bytes_max();
  const int lanes = group.any().lanes();
  std::vector<Link> early;
  for (int lane = 0; lane < lanes - 1; ++lane) early.push_back(make_link(group, 0, 1, lane));
  for (Link& link : early) fill(group, link, bytes);
  Link late = make_link(group, 0, 1, lanes - 1);
  refill(late, bytes);
  for (Link& link : early) drain(group, link, bytes);
  while (late.sent < slices_promised) group.send(late.sender, late.slice(late.sent++, bytes));
  drain(group, late, bytes);
}

}  // namespace
}  // namespace bccl::test
