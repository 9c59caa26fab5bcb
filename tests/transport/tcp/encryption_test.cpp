// The transport with encryption on: the same slices, and nothing readable in between.
#include "../conformance.h"
#include "../tcp_group.h"

namespace bccl::test {
namespace {

Group encrypted(int ranks) {
  return Group{{"tcp, encrypted",
                [](int n) {
                  tcp::Options options = small_tcp();
                  options.encryption = true;
                  return make_tcp_group(n, options);
                }},
               ranks};
}

TEST_CASE("encrypted slices of any size arrive whole, in both directions and on all lanes") {
  Group group = encrypted(3);
  uint64_t serial = 0;
  for (int from = 0; from < group.size(); ++from)
    for (int to : group.all_but(from))
      for (int lane = 0; lane < group.any().lanes(); ++lane)
        for (size_t bytes : slice_sizes(group.any().slice_bytes_max())) {
          const Sample slice{key_of(from, to, lane, serial++), bytes};
          group.send(group.sender(from, {to}, lane), slice);
          group.receive(group.receiver(to, from, lane), slice);
        }
}

TEST_CASE("encrypted connections hold all they promise at the same time") {
  Group group = encrypted(3);
  const size_t bytes = group.any().slice_bytes_max();
  for (int slice = 0; slice < group.any().slices_max(); ++slice)
    for (int from = 0; from < group.size(); ++from)
      for (int to : group.all_but(from))
        for (int lane = 0; lane < group.any().lanes(); ++lane)
          group.send(group.sender(from, {to}, lane), {key_of(from, to, lane, static_cast<uint64_t>(slice)), bytes});
  for (int slice = 0; slice < group.any().slices_max(); ++slice)
    for (int from = 0; from < group.size(); ++from)
      for (int to : group.all_but(from))
        for (int lane = 0; lane < group.any().lanes(); ++lane)
          group.receive(group.receiver(to, from, lane), {key_of(from, to, lane, static_cast<uint64_t>(slice)), bytes});
}

}  // namespace
}  // namespace bccl::test
