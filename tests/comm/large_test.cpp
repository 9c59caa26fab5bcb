// A real all-reduce of more than 2^32 elements. In place, 4 GiB a rank.
#include <fstream>

#include <catch2/catch.hpp>
#include <sys/mman.h>

#include "base/clock.h"
#include "team.h"

namespace bccl::test {
namespace {

constexpr size_t count = (size_t{1} << 32) + 3;
constexpr size_t pattern_bytes = 65'521;  ///< A prime.

size_t available_bytes() {
  std::ifstream file("/proc/meminfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("MemAvailable:")) return 1024 * std::stoull(line.substr(13));
  return 0;
}

class LargeBuffer {
 public:
  LargeBuffer() {
    void* memory =
        mmap(nullptr, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(memory != MAP_FAILED);
    madvise(memory, count, MADV_HUGEPAGE);
    data_ = static_cast<int8_t*>(memory);
  }
  ~LargeBuffer() { munmap(data_, count); }
  LargeBuffer(const LargeBuffer&) = delete;
  LargeBuffer& operator=(const LargeBuffer&) = delete;
  int8_t* data() { return data_; }

 private:
  int8_t* data_;
};

std::vector<int8_t> pattern_of(int factor) {
  std::vector<int8_t> pattern(pattern_bytes);
  for (size_t i = 0; i < pattern.size(); ++i) pattern[i] = static_cast<int8_t>(factor * int(i * i % 61));
  return pattern;
}

template <class Visit>
void over_pieces(Visit visit) {
  for (size_t at = 0; at < count; at += pattern_bytes) visit(at, std::min(pattern_bytes, count - at));
}

TEST_CASE("All of 2^32 + 3 elements are reduced, in place") {
  if (available_bytes() < size_t{12} << 30) {
    WARN("skipped: 12 GiB of free memory are needed, " << (available_bytes() >> 30) << " are there");
    return;
  }
  const int64_t start = now_ns();
  Team team(2);
  LargeBuffer buffers[2];
  const std::vector<int8_t> expected = pattern_of(3);
  const Outcomes outcomes = team.each([&](Communicator& communicator) -> Status {
    int8_t* data = buffers[communicator.rank()].data();
    const std::vector<int8_t> mine = pattern_of(communicator.rank() + 1);
    over_pieces([&](size_t at, size_t bytes) { std::copy_n(mine.data(), bytes, data + at); });
    BCCL_TRY(communicator.run(
        {.source = data, .target = data, .count = count, .type = DataType::int8, .reduction = {}}));
    size_t wrong = count;
    over_pieces([&](size_t at, size_t bytes) {
      if (!std::equal(data + at, data + at + bytes, expected.data())) wrong = std::min(wrong, at);
    });
    if (wrong < count)
      return fail(Code::internal_error, "rank {}: wrong from element {} on", communicator.rank(), wrong);
    return {};
  });
  INFO(troubles(outcomes));
  CHECK(troubles(outcomes).empty());
  WARN("2^32 + 3 int8 among 2 ranks, filling and judging included: " << (now_ns() - start) / 1'000'000
                                                                     << " ms");
}

}  // namespace
}  // namespace bccl::test
