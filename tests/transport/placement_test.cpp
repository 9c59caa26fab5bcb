// What receivers that can put slices into place promise. Transports without that power pass untested.
#include "conformance.h"

namespace bccl::test {
namespace {

constexpr std::byte untouched{0xA5};

/// A place with a margin on both sides.
class Place {
 public:
  explicit Place(size_t bytes) : memory_(bytes + 2 * margin, untouched) {}

  std::byte* data() { return memory_.data() + margin; }
  bool margins_untouched(size_t bytes) const {
    return std::all_of(memory_.begin(), memory_.begin() + margin, [](std::byte b) { return b == untouched; }) &&
           std::all_of(memory_.begin() + margin + long(bytes), memory_.end(), [](std::byte b) { return b == untouched; });
  }

 private:
  static constexpr long margin = 64;
  std::vector<std::byte> memory_;
};

Arrival peek_into(Group& group, Placement& placement, std::byte* place, size_t bytes) {
  Arrival arrival;
  group.eventually([&] { return (arrival = placement.try_peek_into(place, bytes)).data != nullptr; });
  return arrival;
}

TEST_CASE("A slice arrives whole at its place or at one of the transport's, and stays there") {
  Group group = Group::each();
  Receiver& receiver = group.receiver(1, 0);
  Placement* const placement = receiver.placement();
  CHECK(receiver.placement() == placement);
  if (placement == nullptr) return;
  const bool asked_before = GENERATE(true, false);
  for (size_t bytes : slice_sizes(group.any().slice_bytes_max())) {
    const Sample slice{bytes, bytes};
    Place place(bytes);
    if (asked_before) CHECK(placement->try_peek_into(place.data(), bytes).data == nullptr);
    group.send(group.sender(0, {1}), slice);
    const Arrival arrival = peek_into(group, *placement, place.data(), bytes);
    CHECK(slice.difference(arrival) == "");
    CHECK(place.margins_untouched(bytes));
    CHECK(placement->try_peek_into(place.data(), bytes).data == arrival.data);
    CHECK(receiver.try_peek().data == arrival.data);
    receiver.release();
  }
}

TEST_CASE("A slice of another size than its place touches nothing outside of it") {
  Group group = Group::each();
  Receiver& receiver = group.receiver(1, 0);
  Placement* const placement = receiver.placement();
  if (placement == nullptr) return;
  for (size_t bytes : slice_sizes(group.any().slice_bytes_max())) {
    const Sample slice{bytes, bytes};
    Place place(bytes / 2);
    group.send(group.sender(0, {1}), slice);
    CHECK(slice.difference(peek_into(group, *placement, place.data(), bytes / 2)) == "");
    CHECK(place.margins_untouched(bytes / 2));
    receiver.release();
  }
}

TEST_CASE("Slices with and without a place arrive in one order") {
  Group group = Group::each();
  Receiver& receiver = group.receiver(1, 0);
  Placement* const placement = receiver.placement();
  if (placement == nullptr) return;
  const size_t bytes = group.any().slice_bytes_max();
  Place place(bytes);
  for (uint64_t serial = 0; serial < 20; serial += slices_promised) {
    for (uint64_t i = 0; i < slices_promised; ++i) group.send(group.sender(0, {1}), {serial + i, bytes});
    for (uint64_t i = 0; i < slices_promised; ++i) {
      const bool placed = hash_of(group.seed() + serial + i) % 2 == 0;
      const Arrival arrival = placed ? peek_into(group, *placement, place.data(), bytes) : group.peek(receiver);
      CHECK(Sample{serial + i, bytes}.difference(arrival) == "");
      receiver.release();
    }
  }
}

}  // namespace
}  // namespace bccl::test
