#include "member.h"

#include "../support/processes.h"

namespace bccl::test {

bcclResult_t Member::try_join() {
  if (rank_ == 0) {
    expect(bcclGetUniqueId(&board_.id) == bcclSuccess, bcclGetLastError(nullptr));
    board_.id_made.store(1);
  }
  expect(holds_within_ms(patience_ms, [&] { return board_.id_made.load() != 0; }), "nobody made an id");
  return bcclCommInitRank(&comm_, ranks_, board_.id, rank_);
}

void Member::join() {
  const bcclResult_t result = try_join();  // before its sentence is asked for
  expect(result == bcclSuccess, bcclGetLastError(nullptr));
}

bcclResult_t Member::sum(size_t count) {
  const auto number = static_cast<int32_t>(calls_ * 3 + 1);
  numbers_.assign(count, number + rank_);
  const bcclResult_t result =
      bcclAllReduce(numbers_.data(), numbers_.data(), count, bcclInt32, bcclSum, comm_, nullptr);
  if (result != bcclSuccess) return result;
  const int32_t expected = ranks_ * number + ranks_ * (ranks_ - 1) / 2;
  for (size_t i = 0; i < count; ++i)
    expect(numbers_[i] == expected,
           fmt::format("call {}: element {} is {}, not {}", calls_, i, numbers_[i], expected));
  ++calls_;
  mine().calls.fetch_add(1);
  return result;
}

void Member::sum_well(size_t count, int times) {
  for (int i = 0; i < times; ++i) expect(sum(count) == bcclSuccess, bcclGetLastError(nullptr));
}

bcclResult_t Member::sum_until_error(size_t count) {
  for (;;)
    if (const bcclResult_t result = sum(count); result != bcclSuccess) return result;
}

void Member::shrink_without(const std::vector<int>& excluded) {
  bcclComm_t smaller = nullptr;
  const bcclResult_t result = bcclCommShrink(comm_, excluded.data(), int(excluded.size()), &smaller, nullptr, BCCL_SHRINK_ABORT);
  expect(result == bcclSuccess, bcclGetLastError(nullptr));
  destroy();
  comm_ = smaller;
  calls_ = 0;
  expect(bcclCommUserRank(comm_, &rank_) == bcclSuccess && bcclCommCount(comm_, &ranks_) == bcclSuccess, "no rank");
}

bcclResult_t Member::await_async_error() {
  bcclResult_t state = bcclSuccess;
  expect(holds_within_ms(patience_ms,
                         [&] {
                           expect(bcclCommGetAsyncError(comm_, &state) == bcclSuccess,
                                  bcclGetLastError(nullptr));
                           return state != bcclSuccess;
                         }),
         "the state stayed a success");
  return state;
}

void Member::note(bcclResult_t result) {
  const char* sentence = bcclGetLastError(comm_);
  strncpy(mine().sentence, sentence, sizeof mine().sentence - 1);
  mine().noted_ns.store(now_ns());
  mine().noted.store(1 + int(result));
}

void Member::await_go(int at_least) {
  expect(holds_within_ms(patience_ms, [&] { return board_.go.load() >= at_least; }), "nobody said go");
}

void Member::destroy() { expect(bcclCommDestroy(comm_) == bcclSuccess, bcclGetLastError(nullptr)); }

}  // namespace bccl::test
