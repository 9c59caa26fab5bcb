// Bad input, one argument at a time: the code, a sentence that names the argument, and a process and
// communicator that go on working.
#include <climits>
#include <cstring>
#include <functional>

#include <catch2/catch.hpp>

#include "clique.h"

namespace bccl::test {
namespace {

struct BadCall {
  std::string name;
  std::function<bcclResult_t()> make;
  bcclResult_t code;
  std::vector<std::string> words;  ///< Of the sentence.
};

void check_refused(const std::vector<BadCall>& calls, Clique& clique) {
  for (const BadCall& call : calls) {
    INFO(call.name);
    const bcclResult_t code = call.make();
    INFO(last_error());
    CHECK(code == call.code);
    for (const std::string& word : call.words) CHECK_THAT(last_error(), Catch::Contains(word));
    CHECK(clique.trouble_with_a_sum().empty());
  }
}

template <class Enum>
Enum unknown(int value) {
  return static_cast<Enum>(value);
}

TEST_CASE("Every wrong argument of an all-reduce is refused by name, and the communicator works on") {
  Clique clique(2);
  const bcclComm_t comm = clique[0];
  alignas(64) std::byte memory[4096] = {};
  alignas(64) std::byte other[4096] = {};
  const auto call = [&](const void* from, void* to, size_t count, bcclDataType_t type, bcclRedOp_t op,
                        void* stream = nullptr) {
    return [=] { return bcclAllReduce(from, to, count, type, op, comm, stream); };
  };
  check_refused(
      {{"no communicator",
        [&] { return bcclAllReduce(memory, other, 1, bcclFloat, bcclSum, nullptr, nullptr); },
        bcclInvalidArgument,
        {"comm", "NULL"}},
       {"not a communicator",
        [&] {
          return bcclAllReduce(memory, other, 1, bcclFloat, bcclSum, reinterpret_cast<bcclComm_t>(memory),
                               nullptr);
        },
        bcclInvalidArgument,
        {"comm"}},
       {"no source", call(nullptr, other, 1, bcclFloat, bcclSum), bcclInvalidArgument, {"sendbuff", "NULL"}},
       {"no target", call(memory, nullptr, 1, bcclFloat, bcclSum), bcclInvalidArgument, {"recvbuff", "NULL"}},
       {"misaligned source",
        call(memory + 2, other, 1, bcclFloat, bcclSum),
        bcclInvalidArgument,
        {"sendbuff", "align", "float32"}},
       {"misaligned target",
        call(memory, other + 4, 1, bcclInt64, bcclSum),
        bcclInvalidArgument,
        {"recvbuff", "align", "int64"}},
       {"misaligned half",
        call(memory + 1, other, 1, bcclHalf, bcclSum),
        bcclInvalidArgument,
        {"sendbuff", "2 bytes"}},
       {"target overlaps the end",
        call(memory, memory + 4, 2, bcclFloat, bcclSum),
        bcclInvalidArgument,
        {"overlap", "sendbuff", "recvbuff"}},
       {"target overlaps the start",
        call(memory + 8, memory, 3, bcclFloat, bcclSum),
        bcclInvalidArgument,
        {"overlap"}},
       {"unknown type",
        call(memory, other, 1, unknown<bcclDataType_t>(12), bcclSum),
        bcclInvalidArgument,
        {"datatype", "12"}},
       {"unknown op",
        call(memory, other, 1, bcclFloat, unknown<bcclRedOp_t>(5)),
        bcclInvalidArgument,
        {"op", "5"}},
       {"another unknown op",
        call(memory, other, 1, bcclFloat, bcclMaxRedOp),
        bcclInvalidArgument,
        {"op", "2147483647"}},
       {"a count beyond all memory",
        call(memory, other, SIZE_MAX, bcclDouble, bcclSum),
        bcclInvalidArgument,
        {"count"}},
       {"a stream that is none",
        call(memory, other, 1, bcclFloat, bcclSum, memory),
        bcclInvalidArgument,
        {"stream", "none that bccl made"}}},
      clique);
}

TEST_CASE("Buffers may touch, be equal, and be NULL for no elements") {
  Clique clique(2);
  float numbers[2][4] = {{1, 2, 0, 0}, {3, 4, 0, 0}};
  REQUIRE(bcclGroupStart() == bcclSuccess);
  for (int rank = 0; rank < 2; ++rank) {
    CHECK(bcclAllReduce(nullptr, nullptr, 0, bcclFloat, bcclSum, clique[rank], nullptr) == bcclSuccess);
    CHECK(bcclAllReduce(numbers[rank], numbers[rank] + 2, 2, bcclFloat, bcclSum, clique[rank], nullptr) ==
          bcclSuccess);
  }
  REQUIRE(bcclGroupEnd() == bcclSuccess);
  for (auto& rank : numbers) {
    CHECK(rank[2] == 4);
    CHECK(rank[3] == 6);
  }
}

TEST_CASE("Every wrong argument of a query is refused by name") {
  Clique clique(2);
  int number = 0;
  bcclResult_t state = bcclSuccess;
  check_refused(
      {{"version", [] { return bcclGetVersion(nullptr); }, bcclInvalidArgument, {"version", "NULL"}},
       {"count of nothing",
        [&] { return bcclCommCount(nullptr, &number); },
        bcclInvalidArgument,
        {"comm", "NULL"}},
       {"count to nowhere",
        [&] { return bcclCommCount(clique[0], nullptr); },
        bcclInvalidArgument,
        {"count", "NULL"}},
       {"rank of nothing",
        [&] { return bcclCommUserRank(nullptr, &number); },
        bcclInvalidArgument,
        {"comm", "NULL"}},
       {"rank to nowhere",
        [&] { return bcclCommUserRank(clique[0], nullptr); },
        bcclInvalidArgument,
        {"rank", "NULL"}},
       {"state of nothing",
        [&] { return bcclCommGetAsyncError(nullptr, &state); },
        bcclInvalidArgument,
        {"comm", "NULL"}},
       {"state to nowhere",
        [&] { return bcclCommGetAsyncError(clique[0], nullptr); },
        bcclInvalidArgument,
        {"asyncError", "NULL"}},
       {"destroy nothing", [] { return bcclCommDestroy(nullptr); }, bcclInvalidArgument, {"comm", "NULL"}},
       {"abort nothing", [] { return bcclCommAbort(nullptr); }, bcclInvalidArgument, {"comm", "NULL"}}},
      clique);
}

TEST_CASE("Every wrong argument of creation is refused by name") {
  Clique clique(2);
  bcclUniqueId zeros = {};
  bcclUniqueId noise = {};
  for (size_t i = 0; i < sizeof noise.internal; ++i) noise.internal[i] = static_cast<char>(i * 37 + 11);
  bcclUniqueId id = {};
  REQUIRE(bcclGetUniqueId(&id) == bcclSuccess);
  bcclComm_t comm = nullptr;
  const int devices[2] = {0, 1};
  const int negative[2] = {-1, 0};
  bcclComm_t two[2] = {};
  check_refused(
      {{"id to nowhere", [] { return bcclGetUniqueId(nullptr); }, bcclInvalidArgument, {"uniqueId", "NULL"}},
       {"comm to nowhere",
        [&] { return bcclCommInitRank(nullptr, 1, id, 0); },
        bcclInvalidArgument,
        {"comm", "NULL"}},
       {"no ranks", [&] { return bcclCommInitRank(&comm, 0, id, 0); }, bcclInvalidArgument, {"nranks", "0"}},
       {"fewer", [&] { return bcclCommInitRank(&comm, -4, id, 0); }, bcclInvalidArgument, {"nranks", "-4"}},
       {"rank -1", [&] { return bcclCommInitRank(&comm, 2, id, -1); }, bcclInvalidArgument, {"rank -1"}},
       {"rank n",
        [&] { return bcclCommInitRank(&comm, 2, id, 2); },
        bcclInvalidArgument,
        {"rank 2", "0 … 1"}},
       {"an empty id", [&] { return bcclCommInitRank(&comm, 2, zeros, 0); }, bcclInvalidArgument, {"id"}},
       {"a bogus id", [&] { return bcclCommInitRank(&comm, 2, noise, 0); }, bcclInvalidArgument, {"id"}},
       {"comms to nowhere",
        [] { return bcclCommInitAll(nullptr, 2, nullptr); },
        bcclInvalidArgument,
        {"comms", "NULL"}},
       {"no devices", [&] { return bcclCommInitAll(two, 0, nullptr); }, bcclInvalidArgument, {"ndev", "0"}},
       {"fewer devices",
        [&] { return bcclCommInitAll(two, -1, nullptr); },
        bcclInvalidArgument,
        {"ndev", "-1"}},
       {"more ranks than a process can hold",
        [&] { return bcclCommInitAll(two, INT_MAX, nullptr); },
        bcclInvalidArgument,
        {"ndev", "2147483647"}},
       {"another device",
        [&] { return bcclCommInitAll(two, 2, devices); },
        bcclInvalidArgument,
        {"devlist[1]", "1"}},
       {"a negative device",
        [&] { return bcclCommInitAll(two, 2, negative); },
        bcclInvalidArgument,
        {"devlist[0]", "-1"}},
       {"environment to nowhere",
        [] { return bcclCommInitFromEnv(nullptr); },
        bcclInvalidArgument,
        {"comm", "NULL"}}},
      clique);
  CHECK(comm == nullptr);
}

TEST_CASE("Every wrong argument of a split or duplicate is refused by name, and the communicator works on") {
  Clique clique(1);
  const bcclComm_t comm = clique[0];
  bcclComm_t made = comm;
  bcclConfig_t unset = {};
  bcclConfig_t config = BCCL_CONFIG_INITIALIZER;
  config.settings = "BCCL_NO_SUCH=1";
  check_refused(
      {{"split nothing", [&] { return bcclCommSplit(nullptr, 0, 0, &made, nullptr); }, bcclInvalidArgument, {"comm", "NULL"}},
       {"to nowhere", [&] { return bcclCommSplit(comm, 0, 0, nullptr, nullptr); }, bcclInvalidArgument, {"newcomm", "NULL"}},
       {"negative", [&] { return bcclCommSplit(comm, -2, 0, &made, nullptr); }, bcclInvalidArgument, {"color -2", "NOCOLOR"}},
       {"most negative", [&] { return bcclCommSplit(comm, INT_MIN, 0, &made, nullptr); }, bcclInvalidArgument, {"color"}},
       {"no config", [&] { return bcclCommSplit(comm, 0, 0, &made, &unset); }, bcclInvalidArgument, {"config.magic"}},
       {"bad config", [&] { return bcclCommSplit(comm, 0, 0, &made, &config); }, bcclInvalidArgument, {"BCCL_NO_SUCH"}},
       {"not a communicator",
        [&] { return bcclCommDup(reinterpret_cast<bcclComm_t>(&config), &made, nullptr); },
        bcclInvalidArgument,
        {"comm"}},
       {"duplicate to nowhere", [&] { return bcclCommDup(comm, nullptr, nullptr); }, bcclInvalidArgument, {"newcomm", "NULL"}},
       {"duplicate with bad config", [&] { return bcclCommDup(comm, &made, &config); }, bcclInvalidArgument, {"BCCL_NO_SUCH"}},
       {"in a group",
        [&] {
          bcclGroupStart();
          const bcclResult_t code = bcclCommSplit(comm, -2, 0, &made, nullptr);
          return bcclGroupEnd() == code ? code : bcclInternalError;
        },
        bcclInvalidArgument,
        {"color -2"}}},
      clique);
  CHECK(made == nullptr);
}

TEST_CASE("Every wrong argument of revoking, shrinking and growing is refused by name, and the communicator works on") {
  Clique clique(2);
  Clique one(1);
  const bcclComm_t comm = clique[0];
  bcclComm_t made = comm;
  bcclUniqueId id = {};
  const bcclUniqueId zeros = {};
  REQUIRE(bcclCommGetUniqueId(one[0], &id) == bcclSuccess);
  bcclConfig_t config = BCCL_CONFIG_INITIALIZER;
  config.settings = "BCCL_NO_SUCH=1";
  const int ranks[2] = {1, 1};
  const int self[1] = {0};
  const int outside[1] = {2};
  const auto shrink = [&](const int* list, int count, int flags = BCCL_SHRINK_DEFAULT) {
    return [=, &made] { return bcclCommShrink(comm, list, count, &made, nullptr, flags); };
  };
  const auto grow = [&](bcclComm_t of, int nranks, const bcclUniqueId* by, int rank) {
    return [=, &made] { return bcclCommGrow(of, nranks, by, rank, &made, nullptr); };
  };
  check_refused(
      {{"revoke nothing", [] { return bcclCommRevoke(nullptr, 0); }, bcclInvalidArgument, {"comm", "NULL"}},
       {"revoke somehow", [&] { return bcclCommRevoke(comm, 1); }, bcclInvalidArgument, {"revokeFlags is 1"}},
       {"shrink nothing",
        [&] { return bcclCommShrink(nullptr, nullptr, 0, &made, nullptr, 0); },
        bcclInvalidArgument,
        {"comm", "NULL"}},
       {"shrink to nowhere",
        [&] { return bcclCommShrink(comm, nullptr, 0, nullptr, nullptr, 0); },
        bcclInvalidArgument,
        {"newcomm", "NULL"}},
       {"shrink somehow", shrink(ranks, 1, 2), bcclInvalidArgument, {"shrinkFlags is 2"}},
       {"fewer than none", shrink(ranks, -1), bcclInvalidArgument, {"excludeRanksCount -1"}},
       {"all", shrink(ranks, 2), bcclInvalidArgument, {"excludeRanksCount 2", "0 … 1"}},
       {"no list", shrink(nullptr, 1), bcclInvalidArgument, {"excludeRanksList", "NULL"}},
       {"itself", shrink(self, 1), bcclInvalidArgument, {"excludeRanksList[0]", "this rank"}},
       {"a rank that is not", shrink(outside, 1), bcclInvalidArgument, {"excludeRanksList[0] is 2"}},
       {"shrink with bad config",
        [&] { return bcclCommShrink(comm, ranks, 1, &made, &config, 0); },
        bcclInvalidArgument,
        {"BCCL_NO_SUCH"}},
       {"an id of nothing", [&] { return bcclCommGetUniqueId(nullptr, &id); }, bcclInvalidArgument, {"comm", "NULL"}},
       {"an id to nowhere", [&] { return bcclCommGetUniqueId(comm, nullptr); }, bcclInvalidArgument, {"uniqueId", "NULL"}},
       {"grow to nowhere",
        [&] { return bcclCommGrow(one[0], 2, &id, -1, nullptr, nullptr); },
        bcclInvalidArgument,
        {"newcomm", "NULL"}},
       {"grow by none", grow(one[0], 1, &id, -1), bcclInvalidArgument, {"nranks 1"}},
       {"with a number", grow(one[0], 2, &id, 0), bcclInvalidArgument, {"rank is 0", "-1"}},
       {"by no id", grow(one[0], 2, nullptr, -1), bcclInvalidUsage, {"uniqueId is NULL on all ranks"}},
       {"by an empty id", grow(one[0], 2, &zeros, -1), bcclInvalidArgument, {"id"}},
       {"come in as -1", grow(nullptr, 2, &id, -1), bcclInvalidArgument, {"rank -1"}},
       {"come in as the last but one", grow(nullptr, 2, &id, 2), bcclInvalidArgument, {"rank 2", "0 … 1"}},
       {"come in by no id", grow(nullptr, 2, nullptr, 1), bcclInvalidArgument, {"uniqueId", "NULL"}},
       {"come in by an empty id", grow(nullptr, 2, &zeros, 1), bcclInvalidArgument, {"id"}}},
      clique);
  CHECK(made == nullptr);
}

TEST_CASE("Every wrong argument about a communicator's memory is refused by name") {
  Clique clique(2);
  const bcclComm_t comm = clique[0];
  uint64_t value = 7;
  check_refused(
      {{"suspend nothing", [] { return bcclCommSuspend(nullptr, BCCL_SUSPEND_MEM); }, bcclInvalidArgument, {"comm", "NULL"}},
       {"suspend somehow", [&] { return bcclCommSuspend(comm, 0); }, bcclInvalidArgument, {"flags is 0"}},
       {"resume nothing", [] { return bcclCommResume(nullptr); }, bcclInvalidArgument, {"comm", "NULL"}},
       {"ask nothing", [&] { return bcclCommMemStats(nullptr, bcclStatMemTotal, &value); }, bcclInvalidArgument, {"comm", "NULL"}},
       {"answer nowhere",
        [&] { return bcclCommMemStats(comm, bcclStatMemTotal, nullptr); },
        bcclInvalidArgument,
        {"value", "NULL"}},
       {"ask for what there is not",
        [&] { return bcclCommMemStats(comm, unknown<bcclCommMemStat_t>(5), &value); },
        bcclInvalidArgument,
        {"stat 5"}}},
      clique);
  CHECK(value == 7);
}

TEST_CASE("A rank that is excluded twice is refused") {
  Clique clique(3);
  bcclComm_t made = nullptr;
  const int twice[2] = {2, 2};
  CHECK(bcclCommShrink(clique[0], twice, 2, &made, nullptr, BCCL_SHRINK_DEFAULT) == bcclInvalidArgument);
  CHECK_THAT(last_error(), Catch::Contains("excludeRanksList[1]") && Catch::Contains("twice"));
}

TEST_CASE("Every wrong argument of a user operation is refused by name") {
  Clique clique(2);
  Clique another(2);
  float scalar = 2;
  float number = 1;
  bcclRedOp_t op = bcclSum;
  bcclRedOp_t made = bcclSum;
  const bcclComm_t comm = clique[0];
  REQUIRE(bcclRedOpCreatePreMulSum(&made, &scalar, bcclFloat, bcclScalarHostImmediate, comm) == bcclSuccess);
  const auto reduce_by = [&](bcclComm_t on, bcclDataType_t type) {
    return [&number, &made, on, type] { return bcclAllReduce(&number, &number, 1, type, made, on, nullptr); };
  };
  check_refused(
      {{"op to nowhere",
        [&] { return bcclRedOpCreatePreMulSum(nullptr, &scalar, bcclFloat, bcclScalarDevice, comm); },
        bcclInvalidArgument,
        {"op", "NULL"}},
       {"no scalar",
        [&] { return bcclRedOpCreatePreMulSum(&op, nullptr, bcclFloat, bcclScalarDevice, comm); },
        bcclInvalidArgument,
        {"scalar", "NULL"}},
       {"unknown type",
        [&] {
          return bcclRedOpCreatePreMulSum(&op, &scalar, unknown<bcclDataType_t>(13), bcclScalarDevice, comm);
        },
        bcclInvalidArgument,
        {"datatype", "13"}},
       {"no communicator",
        [&] { return bcclRedOpCreatePreMulSum(&op, &scalar, bcclFloat, bcclScalarDevice, nullptr); },
        bcclInvalidArgument,
        {"comm", "NULL"}},
       {"of another communicator", reduce_by(another[0], bcclFloat), bcclInvalidArgument, {"op"}},
       {"of another rank", reduce_by(clique[1], bcclFloat), bcclInvalidArgument, {"op"}},
       {"of another type", reduce_by(comm, bcclInt32), bcclInvalidArgument, {"op", "float32", "int32"}},
       {"destroying a built-in",
        [&] { return bcclRedOpDestroy(bcclSum, comm); },
        bcclInvalidArgument,
        {"op 0"}},
       {"destroying an unknown one",
        [&] { return bcclRedOpDestroy(unknown<bcclRedOp_t>(77), comm); },
        bcclInvalidArgument,
        {"op 77"}},
       {"destroying another's",
        [&] { return bcclRedOpDestroy(made, clique[1]); },
        bcclInvalidArgument,
        {"op"}},
       {"destroying without communicator",
        [&] { return bcclRedOpDestroy(made, nullptr); },
        bcclInvalidArgument,
        {"comm", "NULL"}}},
      clique);
  CHECK(op == bcclSum);
  REQUIRE(bcclRedOpDestroy(made, comm) == bcclSuccess);
  CHECK(bcclRedOpDestroy(made, comm) == bcclInvalidArgument);
  CHECK(bcclAllReduce(&number, &number, 1, bcclFloat, made, comm, nullptr) == bcclInvalidArgument);
}

#if !defined( \
    __SANITIZE_ADDRESS__)  // reading an enum of no enumerator's bits is what that sanitizer looks for
TEST_CASE("Values far outside an enumeration are refused too") {
  Clique clique(2);
  float scalar = 2;
  bcclRedOp_t op = bcclSum;
  check_refused(
      {{"type -1",
        [&] {
          return bcclAllReduce(&scalar, &scalar, 1, unknown<bcclDataType_t>(-1), bcclSum, clique[0], nullptr);
        },
        bcclInvalidArgument,
        {"datatype", "-1"}},
       {"type 1000",
        [&] {
          return bcclAllReduce(&scalar, &scalar, 1, unknown<bcclDataType_t>(1000), bcclSum, clique[0],
                               nullptr);
        },
        bcclInvalidArgument,
        {"datatype", "1000"}},
       {"op -3",
        [&] {
          return bcclAllReduce(&scalar, &scalar, 1, bcclFloat, unknown<bcclRedOp_t>(-3), clique[0], nullptr);
        },
        bcclInvalidArgument,
        {"op", "-3"}},
       {"residence 2",
        [&] {
          return bcclRedOpCreatePreMulSum(&op, &scalar, bcclFloat, unknown<bcclScalarResidence_t>(2),
                                          clique[0]);
        },
        bcclInvalidArgument,
        {"residence", "2"}}},
      clique);
}
#endif

}  // namespace
}  // namespace bccl::test
