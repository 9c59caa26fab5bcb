#include "base/affinity.h"

#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>

#include <sched.h>

namespace bccl {
namespace {

constexpr size_t processors_max = 8192;  ///< Of the largest Linux kernel.
constexpr size_t word_bits = sizeof(unsigned long) * CHAR_BIT;

using Words = std::array<unsigned long, processors_max / word_bits>;  // a cpu_set_t is too small for all of them

}  // namespace

std::vector<int> processors_of_thread(pid_t thread) {
  Words words{};
  if (sched_getaffinity(thread, sizeof words, reinterpret_cast<cpu_set_t*>(words.data())) != 0) return {};
  std::vector<int> processors;
  for (size_t processor = 0; processor < processors_max; ++processor)
    if ((words[processor / word_bits] >> processor % word_bits & 1) != 0) processors.push_back(static_cast<int>(processor));
  return processors;
}

Status bind_this_thread(std::span<const int> processors) {
  Words words{};
  for (const int number : processors) {
    const auto processor = static_cast<size_t>(number);
    if (processor < processors_max) words[processor / word_bits] |= 1UL << processor % word_bits;
  }
  if (sched_setaffinity(0, sizeof words, reinterpret_cast<const cpu_set_t*>(words.data())) == 0) return {};
  return fail_errno(errno, "cannot bind a thread to processors");
}

}  // namespace bccl
