// Memory that peers map, as a user of the C API sees it.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "clique.h"

namespace bccl::test {
namespace {

constexpr size_t count = 300'000;  ///< Of floats: more than a megabyte.

/// bcclMemAlloc'ed floats of one rank.
class Floats {
 public:
  explicit Floats(size_t elements = count) {
    void* memory = nullptr;
    REQUIRE(bcclMemAlloc(&memory, elements * sizeof(float)) == bcclSuccess);
    data = static_cast<float*>(memory);
  }
  ~Floats() {
    if (data != nullptr) bcclMemFree(data);
  }
  Floats(const Floats&) = delete;
  Floats& operator=(const Floats&) = delete;

  float* data = nullptr;
};

/// Sums rank + i over all ranks, several times, from and to the given memory; what went wrong.
std::string sums(const Clique& clique, const std::vector<float*>& from, const std::vector<float*>& to) {
  const int ranks = clique.ranks();
  for (int call = 0; call < 6; ++call) {
    for (int rank = 0; rank < ranks; ++rank)
      for (size_t i = 0; i < count; ++i) from[size_t(rank)][i] = float((i + size_t(rank) + size_t(call)) % 1000);
    bcclGroupStart();
    for (int rank = 0; rank < ranks; ++rank)
      bcclAllReduce(from[size_t(rank)], to[size_t(rank)], count, bcclFloat, bcclSum, clique[rank], nullptr);
    if (bcclGroupEnd() != bcclSuccess) return last_error();
    for (size_t i = 0; i < count; ++i) {
      float sum = 0;
      for (int rank = 0; rank < ranks; ++rank) sum += float((i + size_t(rank) + size_t(call)) % 1000);
      for (int rank = 0; rank < ranks; ++rank)
        if (to[size_t(rank)][i] != sum) return "call " + std::to_string(call) + ": a wrong sum";
    }
  }
  return {};
}

TEST_CASE("Collectives on allocated, on private and on mixed memory give the same sums") {
  for (const int ranks : {2, 3}) {
    Clique clique(ranks);
    std::vector<std::vector<float>> plain(static_cast<size_t>(ranks), std::vector<float>(count));
    std::vector<Floats> from(static_cast<size_t>(ranks));
    std::vector<Floats> to(static_cast<size_t>(ranks));
    std::vector<float*> sources;
    std::vector<float*> targets;
    std::vector<float*> mixed;
    for (size_t rank = 0; rank < size_t(ranks); ++rank) {
      sources.push_back(from[rank].data);
      targets.push_back(to[rank].data);
      mixed.push_back(rank % 2 == 0 ? plain[rank].data() : to[rank].data);
    }
    CHECK(sums(clique, sources, targets) == "");
    CHECK(sums(clique, sources, sources) == "");
    CHECK(sums(clique, sources, mixed) == "");
    CHECK(sums(clique, mixed, mixed) == "");
  }
}

TEST_CASE("Memory can be freed and allocated anew between calls") {
  Clique clique(2);
  for (int lap = 0; lap < 5; ++lap) {
    Floats a;
    Floats b;
    CHECK(sums(clique, {a.data, b.data}, {a.data, b.data}) == "");
    CHECK(bcclMemFree(std::exchange(a.data, nullptr)) == bcclSuccess);
    CHECK(bcclMemFree(std::exchange(b.data, nullptr)) == bcclSuccess);
  }
}

TEST_CASE("Registered memory cannot be freed, the sentence names the communicator") {
  Clique clique(2);
  Floats a;
  void* handle = nullptr;
  REQUIRE(bcclCommRegister(clique[1], a.data, count * sizeof(float), &handle) == bcclSuccess);
  CHECK(handle != nullptr);
  CHECK(bcclMemFree(a.data) == bcclInvalidUsage);
  CHECK_THAT(last_error(), Catch::Contains("registered with the communicator of rank 1"));
  CHECK(bcclCommDeregister(clique[0], handle) == bcclInvalidArgument);
  CHECK(bcclCommDeregister(clique[1], handle) == bcclSuccess);
  CHECK(bcclCommDeregister(clique[1], handle) == bcclInvalidArgument);
  CHECK(bcclMemFree(std::exchange(a.data, nullptr)) == bcclSuccess);
}

TEST_CASE("The end of a communicator ends its registrations") {
  Floats a;
  void* handle = nullptr;
  {
    Clique clique(2);
    REQUIRE(bcclCommRegister(clique[0], a.data, 1, &handle) == bcclSuccess);
  }
  CHECK(bcclMemFree(std::exchange(a.data, nullptr)) == bcclSuccess);
}

TEST_CASE("Registering other memory succeeds and changes nothing") {
  Clique clique(2);
  std::vector<float> plain(1000);
  void* handle = nullptr;
  CHECK(bcclCommRegister(clique[0], plain.data(), plain.size() * sizeof(float), &handle) == bcclSuccess);
  CHECK(clique.trouble_with_a_sum() == "");
  CHECK(bcclCommDeregister(clique[0], handle) == bcclSuccess);
}

TEST_CASE("Wrong arguments of memory functions are named") {
  Clique clique(2);
  float number = 0;
  void* out = &number;
  CHECK(bcclMemAlloc(nullptr, 1) == bcclInvalidArgument);
  CHECK(bcclMemAlloc(&out, 0) == bcclSuccess);
  CHECK(out == nullptr);
  CHECK(bcclMemFree(nullptr) == bcclSuccess);
  CHECK(bcclMemFree(&number) == bcclInvalidArgument);
  CHECK_THAT(last_error(), Catch::Contains("not memory that bcclMemAlloc made"));
  CHECK(bcclMemAlloc(&out, SIZE_MAX) == bcclInvalidArgument);
  CHECK(bcclCommRegister(nullptr, &number, 4, &out) == bcclInvalidArgument);
  CHECK(bcclCommRegister(clique[0], nullptr, 4, &out) == bcclInvalidArgument);
  CHECK(bcclCommRegister(clique[0], &number, 0, &out) == bcclInvalidArgument);
  CHECK(bcclCommRegister(clique[0], &number, 4, nullptr) == bcclInvalidArgument);
  CHECK(bcclCommDeregister(clique[0], &number) == bcclInvalidArgument);
}

TEST_CASE("A communicator of one rank takes registrations too") {
  Clique clique(1);
  Floats a;
  void* handle = nullptr;
  CHECK(bcclCommRegister(clique[0], a.data, 4, &handle) == bcclSuccess);
  CHECK(bcclMemFree(a.data) == bcclInvalidUsage);
  CHECK(bcclCommDeregister(clique[0], handle) == bcclSuccess);
}

}  // namespace
}  // namespace bccl::test
