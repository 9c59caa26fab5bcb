// Making communicators: all ranks at once, one by one with an id, and from a launcher's environment.
#include <algorithm>
#include <cstdlib>
#include <thread>

#include <catch2/catch.hpp>

#include "../support/process_view.h"
#include "../support/rank_threads.h"
#include "../support/sanitized.h"
#include "base/clock.h"
#include "clique.h"

namespace bccl::test {
namespace {

TEST_CASE("All eight ranks of one process are made in milliseconds") {
  std::vector<double> ms;
  { const Clique first(8); }  // what the process does only once
  for (int i = 0; i < 9; ++i) {
    const int64_t start = now_ns();
    const Clique clique(8);
    ms.push_back(double(now_ns() - start) / 1e6);
  }
  std::sort(ms.begin(), ms.end());
  WARN("bcclCommInitAll of 8 ranks: median " << ms[4] << " ms, " << ms.front() << " … " << ms.back());
  if (!sanitized) CHECK(ms[4] < 100);  // the target is 5 on an idle machine
}

TEST_CASE("Ranks know their place, and the order of the handles is the order of the ranks") {
  const Clique clique(5);
  for (int i = 0; i < 5; ++i) {
    int rank = -1;
    int count = -1;
    REQUIRE(bcclCommUserRank(clique[i], &rank) == bcclSuccess);
    REQUIRE(bcclCommCount(clique[i], &count) == bcclSuccess);
    CHECK(rank == i);
    CHECK(count == 5);
  }
}

TEST_CASE("Several threads may each make a clique, and use it, at the same time") {
  std::vector<std::string> troubles(6);
  on_ranks(6, [&](int at) {
    for (int i = 0; i < 5 && troubles[size_t(at)].empty(); ++i) {
      std::vector<bcclComm_t> comms(size_t(2 + at % 3));
      if (bcclCommInitAll(comms.data(), int(comms.size()), nullptr) != bcclSuccess) {
        troubles[size_t(at)] = last_error();
        return;
      }
      std::vector<int32_t> numbers(comms.size(), at + 1);
      bcclGroupStart();
      for (size_t rank = 0; rank < comms.size(); ++rank)
        bcclAllReduce(&numbers[rank], &numbers[rank], 1, bcclInt32, bcclSum, comms[rank], nullptr);
      if (bcclGroupEnd() != bcclSuccess) troubles[size_t(at)] = last_error();
      for (const int32_t number : numbers)
        if (number != (at + 1) * int(comms.size())) troubles[size_t(at)] += " a wrong sum";
      for (const bcclComm_t comm : comms) bcclCommDestroy(comm);
    }
  });
  CHECK(troubles == std::vector<std::string>(6));
}

TEST_CASE("A list of devices that are all the host is accepted") {
  const int devices[2] = {0, 0};
  bcclComm_t comms[2] = {};
  REQUIRE(bcclCommInitAll(comms, 2, devices) == bcclSuccess);
  for (const bcclComm_t comm : comms) CHECK(bcclCommDestroy(comm) == bcclSuccess);
}

/// Every rank joins with the id on a thread of its own.
std::vector<bcclResult_t> join_all(const bcclUniqueId& id, const std::vector<int>& ranks, int size,
                                   std::vector<bcclComm_t>& comms, std::vector<std::string>& sentences) {
  std::vector<bcclResult_t> results(ranks.size());
  comms.assign(ranks.size(), nullptr);
  sentences.assign(ranks.size(), "");
  on_ranks(static_cast<int>(ranks.size()), [&](int at) {
    results[size_t(at)] = bcclCommInitRank(&comms[size_t(at)], size, id, ranks[size_t(at)]);
    sentences[size_t(at)] = last_error();
  });
  return results;
}

TEST_CASE("Ranks that join with an id reduce together") {
  bcclUniqueId id = {};
  REQUIRE(bcclGetUniqueId(&id) == bcclSuccess);
  std::vector<bcclComm_t> comms;
  std::vector<std::string> sentences;
  for (const bcclResult_t result : join_all(id, {2, 0, 1}, 3, comms, sentences)) CHECK(result == bcclSuccess);
  std::vector<float> numbers{1, 2, 4};
  on_ranks(3, [&](int at) {
    bcclAllReduce(&numbers[size_t(at)], &numbers[size_t(at)], 1, bcclFloat, bcclSum, comms[size_t(at)],
                  nullptr);
  });
  CHECK(numbers == std::vector<float>(3, 7.0F));
  for (const bcclComm_t comm : comms) CHECK(bcclCommDestroy(comm) == bcclSuccess);
}

bcclUniqueId new_id() {
  bcclUniqueId id = {};
  REQUIRE(bcclGetUniqueId(&id) == bcclSuccess);
  return id;
}

TEST_CASE("One thread makes the ranks of two communicators in a group") {
  const bcclUniqueId ids[] = {new_id(), new_id()};
  const int ranks[] = {4, 2};
  std::vector<bcclComm_t> comms[] = {std::vector<bcclComm_t>(4), std::vector<bcclComm_t>(2)};
  REQUIRE(bcclGroupStart() == bcclSuccess);
  for (const size_t of : {size_t{0}, size_t{1}})
    for (int rank = 0; rank < ranks[of]; ++rank)
      REQUIRE(bcclCommInitRank(&comms[of][size_t(rank)], ranks[of], ids[of], rank) == bcclSuccess);
  CHECK(comms[0][0] == nullptr);  // only recorded so far
  REQUIRE(bcclGroupEnd() == bcclSuccess);
  for (const size_t of : {size_t{0}, size_t{1}}) {
    std::vector<float> numbers(comms[of].size(), 1.0F);
    REQUIRE(bcclGroupStart() == bcclSuccess);
    for (size_t rank = 0; rank < numbers.size(); ++rank)
      CHECK(bcclAllReduce(&numbers[rank], &numbers[rank], 1, bcclFloat, bcclSum, comms[of][rank], nullptr) == bcclSuccess);
    REQUIRE(bcclGroupEnd() == bcclSuccess);
    CHECK(numbers == std::vector<float>(comms[of].size(), float(ranks[of])));
    for (const bcclComm_t comm : comms[of]) CHECK(bcclCommDestroy(comm) == bcclSuccess);
  }
}

TEST_CASE("A group with a creation that is refused makes no communicator") {
  const bcclUniqueId id = new_id();
  bcclComm_t comms[2] = {};
  REQUIRE(bcclGroupStart() == bcclSuccess);
  CHECK(bcclCommInitRank(&comms[0], 1, id, 0) == bcclSuccess);
  CHECK(bcclCommInitRank(&comms[1], 2, id, 2) == bcclInvalidArgument);
  CHECK(bcclCommInitRank(nullptr, 2, id, 1) == bcclInvalidArgument);
  CHECK(bcclGroupEnd() == bcclInvalidArgument);
  CHECK_THAT(last_error(), Catch::Contains("rank 2"));
  CHECK(comms[0] == nullptr);
  CHECK(comms[1] == nullptr);
}

TEST_CASE("A group that cannot make one of its communicators makes none, and runs no calls") {
  const bcclUniqueId twice = new_id();
  Clique clique(1);
  float number = 1;
  float sum = 0;
  bcclComm_t comms[3] = {};
  REQUIRE(bcclGroupStart() == bcclSuccess);
  CHECK(bcclCommInitRank(&comms[0], 1, new_id(), 0) == bcclSuccess);
  for (const size_t at : {size_t{1}, size_t{2}}) CHECK(bcclCommInitRank(&comms[at], 2, twice, 0) == bcclSuccess);
  CHECK(bcclAllReduce(&number, &sum, 1, bcclFloat, bcclSum, clique[0], nullptr) == bcclSuccess);
  CHECK(bcclGroupEnd() == bcclInvalidUsage);
  CHECK_THAT(last_error(), Catch::Contains("rank 0"));
  for (const bcclComm_t comm : comms) CHECK(comm == nullptr);
  CHECK(sum == 0);
}

TEST_CASE("A rank that is given twice is named to all") {
  bcclUniqueId id = {};
  REQUIRE(bcclGetUniqueId(&id) == bcclSuccess);
  std::vector<bcclComm_t> comms;
  std::vector<std::string> sentences;
  const auto results = join_all(id, {0, 1, 1}, 3, comms, sentences);
  int named = 0;
  for (size_t at = 0; at < 3; ++at) {
    CHECK(results[at] != bcclSuccess);
    CHECK(comms[at] == nullptr);
    if (results[at] == bcclInvalidUsage && sentences[at].find("rank 1") != std::string::npos) ++named;
  }
  INFO(sentences[0] << "\n" << sentences[1] << "\n" << sentences[2]);
  CHECK(named >= 1);
}

TEST_CASE("An id makes one communicator: used again, it is refused and nothing hangs") {
  bcclUniqueId id = {};
  REQUIRE(bcclGetUniqueId(&id) == bcclSuccess);
  std::vector<bcclComm_t> comms;
  std::vector<std::string> sentences;
  for (const bcclResult_t result : join_all(id, {0, 1}, 2, comms, sentences)) REQUIRE(result == bcclSuccess);
  bcclComm_t again = nullptr;
  CHECK(bcclCommInitRank(&again, 2, id, 0) != bcclSuccess);
  CHECK(again == nullptr);
  CHECK_FALSE(last_error().empty());
  for (const bcclComm_t comm : comms) CHECK(bcclCommDestroy(comm) == bcclSuccess);
}

TEST_CASE("A rank that does not come is named after BCCL_BOOTSTRAP_TIMEOUT") {
  bcclUniqueId id = {};
  REQUIRE(bcclGetUniqueId(&id) == bcclSuccess);
  std::vector<bcclComm_t> comms;
  std::vector<std::string> sentences;
  for (const bcclResult_t result : join_all(id, {0, 2}, 3, comms, sentences)) CHECK(result == bcclTimeout);
  for (const std::string& sentence : sentences) CHECK_THAT(sentence, Catch::Contains("rank 1"));
}

TEST_CASE("Without a launcher there is no environment to join from, with one of a single rank there is") {
  for (const char* name : {"RANK", "WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE",
                           "SLURM_PROCID", "SLURM_NTASKS", "PMI_RANK", "PMI_SIZE"})
    unsetenv(name);
  bcclComm_t comm = nullptr;
  CHECK(bcclCommInitFromEnv(&comm) == bcclInvalidUsage);
  CHECK_THAT(last_error(), Catch::Contains("RANK") && Catch::Contains("torchrun"));
  CHECK(comm == nullptr);
  setenv("RANK", "0", 1);
  setenv("WORLD_SIZE", "1", 1);
  setenv("MASTER_ADDR", "127.0.0.1", 1);
  setenv("MASTER_PORT", "29500", 1);
  CHECK(bcclCommInitFromEnv(&comm) == bcclSuccess);
  setenv("WORLD_SIZE", "none", 1);
  bcclComm_t other = nullptr;
  CHECK(bcclCommInitFromEnv(&other) != bcclSuccess);
  CHECK_THAT(last_error(), Catch::Contains("WORLD_SIZE"));
  for (const char* name : {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"}) unsetenv(name);
  if (comm != nullptr) CHECK(bcclCommDestroy(comm) == bcclSuccess);
}

TEST_CASE("Communicators made with ids many times leave no descriptor or mapping") {
  const auto once = [] {
    bcclUniqueId id = {};
    REQUIRE(bcclGetUniqueId(&id) == bcclSuccess);
    std::vector<bcclComm_t> comms;
    std::vector<std::string> sentences;
    for (const bcclResult_t result : join_all(id, {0, 1, 2}, 3, comms, sentences))
      REQUIRE(result == bcclSuccess);
    for (const bcclComm_t comm : comms) REQUIRE(bcclCommDestroy(comm) == bcclSuccess);
  };
  once();
  const int descriptors = open_descriptors();
  const int threads = running_threads();
  for (int i = 0; i < 30; ++i) once();
  CHECK(mappings_of(node_memory_name).count == 0);
  // The root may still be closing its side of the last one.
  const Deadline deadline = Deadline::after_ms(20'000);
  while ((open_descriptors() > descriptors || running_threads() > threads) && !deadline.passed())
    std::this_thread::yield();
  CHECK(open_descriptors() <= descriptors);
  CHECK(running_threads() <= threads);
}

}  // namespace
}  // namespace bccl::test
