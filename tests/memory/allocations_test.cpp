#include "memory/allocations.h"

#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "../support/process_view.h"
#include "memory/shared_memory.h"

namespace bccl::test {
namespace {

constexpr size_t page = 4096;

struct Objector final : Claim {
  std::string objection() const override { return words; }
  void withdraw() override { ++withdrawn; }
  std::string words;
  int withdrawn = 0;
};

TEST_CASE("Allocated memory is zero, whole pages, and goes without a trace") {
  const int descriptors = open_descriptors();
  std::byte* const memory = allocate_shared(page + 1).value();
  CHECK(reinterpret_cast<uintptr_t>(memory) % page == 0);
  CHECK(mappings_of("bccl-memory").bytes == 2 * page);
  for (size_t i = 0; i < 2 * page; ++i) REQUIRE(memory[i] == std::byte{0});
  std::memset(memory, 1, 2 * page);
  CHECK(free_shared(memory).ok());
  CHECK(mappings_of("bccl-memory").count == 0);
  CHECK(open_descriptors() == descriptors);
}

TEST_CASE("Freeing anything but the beginning of an allocation is refused") {
  std::byte* const memory = allocate_shared(page).value();
  int other = 0;
  CHECK(free_shared(&other).code() == Code::invalid_argument);
  CHECK(free_shared(memory + 1).code() == Code::invalid_argument);
  CHECK(free_shared(memory).ok());
  CHECK(free_shared(memory).code() == Code::invalid_argument);
}

TEST_CASE("More memory than there can be is an error") {
  CHECK(allocate_shared(SIZE_MAX).code() == Code::invalid_argument);
  CHECK_FALSE(allocate_shared(SIZE_MAX / 4).ok());
}

TEST_CASE("An address is found in its allocation, and between allocations the gap is found") {
  std::byte* const memory = allocate_shared(3 * page).value();
  const auto at = reinterpret_cast<uintptr_t>(memory);
  for (const size_t offset : {size_t{0}, size_t{1}, 3 * page - 1}) {
    const Neighbourhood around = find_allocation(memory + offset);
    REQUIRE(around.allocation);
    CHECK(around.allocation->begin == memory);
    CHECK(around.begin == at);
    CHECK(around.end == at + 3 * page);
  }
  const Neighbourhood after = find_allocation(memory + 3 * page);
  CHECK_FALSE(after.allocation);
  CHECK(after.begin == at + 3 * page);
  int on_the_stack = 0;
  const Neighbourhood gap = find_allocation(&on_the_stack);
  CHECK_FALSE(gap.allocation);
  CHECK((gap.end <= at || gap.begin >= at + 3 * page));
  CHECK(free_shared(memory).ok());
  CHECK_FALSE(find_allocation(memory).allocation);
}

TEST_CASE("Every allocation and every free changes the version") {
  const uint64_t before = allocations_version();
  std::byte* const memory = allocate_shared(1).value();
  const uint64_t between = allocations_version();
  CHECK(free_shared(memory).ok());
  CHECK(between != before);
  CHECK(allocations_version() != between);
}

TEST_CASE("A claim can object to a free, and hears of it when it does not") {
  std::byte* const memory = allocate_shared(page).value();
  const auto allocation = find_allocation(memory).allocation;
  Objector objector;
  REQUIRE(add_claim(allocation, objector));
  objector.words = "somebody reads it";
  const Status refused = free_shared(memory);
  CHECK(refused.code() == Code::invalid_usage);
  CHECK_THAT(refused.sentence(), Catch::Contains("somebody reads it"));
  CHECK(objector.withdrawn == 0);
  objector.words.clear();
  CHECK(free_shared(memory).ok());
  CHECK(objector.withdrawn == 1);
  CHECK_FALSE(add_claim(allocation, objector));
  remove_claim(allocation, objector);
}

TEST_CASE("Freed memory gives its pages back though a peer has it mapped, who can still read there") {
  std::byte* const memory = allocate_shared(page).value();
  const auto allocation = find_allocation(memory).allocation;
  const auto* const mapped = static_cast<const volatile char*>(
      mmap(nullptr, page, PROT_READ, MAP_SHARED, allocation->descriptor.get(), 0));
  REQUIRE(mapped != MAP_FAILED);
  memory[5] = std::byte{7};
  CHECK(mapped[5] == 7);
  CHECK(free_shared(memory).ok());
  CHECK(mapped[5] == 0);
  munmap(const_cast<char*>(mapped), page);
}

TEST_CASE("Nobody can shrink the memory under its readers") {
  std::byte* const memory = allocate_shared(page).value();
  const auto allocation = find_allocation(memory).allocation;
  CHECK(is_sealed_memory(allocation->descriptor.get(), page));
  CHECK_FALSE(is_sealed_memory(allocation->descriptor.get(), page + 1));
  CHECK(ftruncate(allocation->descriptor.get(), 0) != 0);
  CHECK(free_shared(memory).ok());
}

TEST_CASE("A forked child cannot free what is its parent's") {
  std::byte* const memory = allocate_shared(page).value();
  memory[0] = std::byte{1};
  const pid_t child = fork();
  if (child == 0) _exit(free_shared(memory).code() == Code::invalid_usage ? 0 : 1);
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(memory[0] == std::byte{1});
  CHECK(free_shared(memory).ok());
}

}  // namespace
}  // namespace bccl::test
