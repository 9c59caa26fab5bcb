// A call is over when its last bytes have left, too: nobody would push them on between calls.
#include <catch2/catch.hpp>

#include "team.h"
#include "transport/decorators/decorator.h"

namespace bccl::test {
namespace {

/// A transport that needs to be polled so many times before what it was given has left.
class Sluggish final : public Decorator {
 public:
  static constexpr int polls_needed = 500;

  Sluggish(std::unique_ptr<Endpoint> inner, int& polls) : Decorator(std::move(inner)), polls_(polls) {}

  Status poll() override {
    ++polls_;
    return Decorator::poll();
  }
  bool is_flushed() const override { return polls_ >= polls_needed; }

 private:
  std::unique_ptr<Sender> wrap_sender(Sender& inner, std::span<const int>, int) override {
    struct Through final : Sender {
      explicit Through(Sender& sender) : to(sender) {}
      std::byte* try_acquire(size_t bytes) override { return to.try_acquire(bytes); }
      void commit(size_t bytes, uint32_t signature) override { to.commit(bytes, signature); }
      Sender& to;
    };
    return std::make_unique<Through>(inner);
  }
  std::unique_ptr<Receiver> wrap_receiver(Receiver& inner, int, int) override {
    struct Through final : Receiver {
      explicit Through(Receiver& receiver) : to(receiver) {}
      Arrival try_peek() override { return to.try_peek(); }
      void release() override { to.release(); }
      Receiver& to;
    };
    return std::make_unique<Through>(inner);
  }

  int& polls_;
};

TEST_CASE("A call returns only when everything it sent has left") {
  int polls[2] = {};
  Team team(2, test_settings(), [&](std::unique_ptr<Endpoint> endpoint, int rank) -> std::unique_ptr<Endpoint> {
    return std::make_unique<Sluggish>(std::move(endpoint), polls[rank]);
  });
  const Outcomes outcomes = team.each([](Communicator& communicator) -> Status {
    const int32_t source = communicator.rank() + 1;
    int32_t target = 0;
    BCCL_TRY(communicator.run({.source = &source,
                               .target = &target,
                               .count = 1,
                               .type = DataType::int32,
                               .reduction = {.op = ReduceOp::sum}}));
    if (target != 3) return fail(Code::internal_error, "rank {}: a wrong sum", communicator.rank());
    return {};
  });
  CHECK(troubles(outcomes) == "");
  for (const int count : polls) CHECK(count >= Sluggish::polls_needed);
}

}  // namespace
}  // namespace bccl::test
