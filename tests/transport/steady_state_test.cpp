// The data path allocates nothing, from the first slice on.
#include "allocation_count.h"
#include "conformance.h"

namespace bccl::test {
namespace {

/// A sender and the receivers that it reaches, asked for beforehand.
struct Path {
  Sender* sender;
  std::vector<Receiver*> receivers;
};

std::vector<Path> all_paths(Group& group) {
  std::vector<Path> paths;
  for (int lane = 0; lane < group.any().lanes(); ++lane)
    for (int from = 0; from < group.size(); ++from) {
      std::vector<std::vector<int>> peer_sets{group.all_but(from)};
      for (int peer : group.all_but(from)) peer_sets.push_back({peer});
      for (const std::vector<int>& peers : peer_sets) {
        Path path{&group.sender(from, peers, lane), {}};
        for (int peer : peers) path.receivers.push_back(&group.receiver(peer, from, lane));
        paths.push_back(path);
      }
    }
  return paths;
}

/// Without assertions, which allocate; false if anything did not go through.
bool carry(Group& group, const Path& path, size_t bytes) {
  std::byte* memory = group.acquire(*path.sender, bytes);
  if (memory == nullptr) return false;
  memory[bytes / 2] = std::byte{1};
  path.sender->commit(bytes, 7);
  for (Receiver* receiver : path.receivers) {
    const Arrival arrival = group.peek(*receiver);
    if (arrival.data == nullptr || arrival.bytes != bytes) return false;
    receiver->release();
  }
  return true;
}

TEST_CASE("The count of allocations counts") {
  const int64_t before = allocation_count();
  const auto number = std::make_unique<int>(1);
  const std::vector<int> numbers(*number + 100);
  CHECK(allocation_count() >= before + 2);
}

TEST_CASE("Slices on their way allocate nothing") {
  Group group = Group::each();
  const std::vector<Path> paths = all_paths(group);
  const std::vector<size_t> sizes{1, 48, 100, group.any().slice_bytes_max()};
  const int64_t before = allocation_count();
  bool carried = true;
  for (int lap = 0; lap < 3; ++lap)
    for (size_t bytes : sizes)
      for (const Path& path : paths) carried &= carry(group, path, bytes);
  const int64_t allocations = allocation_count() - before;
  CHECK(carried);
  CHECK(allocations == 0);
}

}  // namespace
}  // namespace bccl::test
