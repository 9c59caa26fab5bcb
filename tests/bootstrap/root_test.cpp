/// The life of a root and of the one thread that serves them all.
#include <deque>
#include <filesystem>
#include <fstream>
#include <thread>

#include <catch2/catch.hpp>

#include "base/clock.h"
#include "net/keyed_hash.h"
#include "plain_socket.h"
#include "ranks.h"

namespace bccl::test {
namespace {

using Catch::Contains;
namespace fs = std::filesystem;

std::string first_line(const fs::path& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return line;
}

std::vector<fs::path> root_threads() {
  std::vector<fs::path> found;
  for (const auto& task : fs::directory_iterator("/proc/self/task"))
    if (first_line(task.path() / "comm") == "bccl-root") found.push_back(task.path());
  return found;
}

int64_t wake_ups(const fs::path& task) {
  std::ifstream stream(task / "status");
  for (std::string word; stream >> word;)
    if (word == "voluntary_ctxt_switches:") {
      int64_t count = 0;
      stream >> count;
      return count;
    }
  return -1;
}

/// Asks again and again; what is awaited happens on another thread, or never.
template <class Condition>
bool comes_true(const Condition& condition) {
  for (const auto limit = Deadline::after_ms(patience_ms); !limit.passed(); std::this_thread::yield())
    if (condition()) return true;
  return false;
}

TEST_CASE("a root stops listening when all its ranks have left") {
  const UniqueId id = open_loopback_root();
  CHECK(as_ranks(id, 3, [](Exchange& exchange) { return gather_rounds(exchange, 2); }) == all_fine(3));
  CHECK(comes_true([&] { return !somebody_listens_at(id.addresses.front()); }));
}

TEST_CASE("a root that failed with all its ranks there stops listening when they have left") {
  const UniqueId id = open_loopback_root();
  as_ranks(id, 2, [](Exchange& exchange) { return gather_rounds(exchange, exchange.rank() + 1); });
  CHECK(comes_true([&] { return !somebody_listens_at(id.addresses.front()); }));
}

TEST_CASE("one thread serves all roots, and sleeps") {
  std::vector<UniqueId> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(open_loopback_root());
  REQUIRE(comes_true([] { return root_threads().size() == 1; }));
  auto exchange = join(ids[0], 0, 2, Deadline::after_ms(patience_ms));
  REQUIRE(exchange.ok());
  const fs::path thread = root_threads().front();
  // The measurement itself takes time; the thread has nothing to do in it.
  const int64_t before = wake_ups(thread);
  std::this_thread::sleep_for(std::chrono::milliseconds{100});
  CHECK(before >= 0);
  CHECK(wake_ups(thread) - before <= 2);
}

TEST_CASE("the next root on a port takes over from one that has all its ranks") {
  const UniqueId first = open_loopback_root();
  const Address port = first.addresses.front();
  const Tag next_secret = random_tag();
  CHECK(as_ranks(first, 2, [&](Exchange& exchange) -> std::string {
          if (const std::string found = gather_rounds(exchange, 1); !found.empty()) return found;
          if (exchange.rank() == 0) {
            const auto next = open_root({port}, next_secret);
            if (!next.ok()) return next.sentence();
          }
          // Rank 1 may come before the next root listens: the first one has to let it try again.
          auto again = join({{port}, next_secret}, exchange.rank(), 2, Deadline::after_ms(patience_ms));
          return again.ok() ? gather_rounds(**again, 1) + gather_rounds(exchange, 1) : again.sentence();
        }) == all_fine(2));
}

TEST_CASE("the next root on a port takes over from one that failed") {
  const UniqueId first = open_loopback_root();
  {
    auto alone = join(first, 0, 2, Deadline::after_ms(patience_ms));
    REQUIRE(alone.ok());
    CHECK((*alone)->all_gather("", Deadline::after_ms(1)).code() == Code::timeout);
  }
  const auto next = open_root(first.addresses, random_tag());
  INFO(next.sentence());
  REQUIRE(next.ok());
  CHECK(as_ranks(next.value(), 2, [](Exchange& exchange) { return gather_rounds(exchange, 1); }) ==
        all_fine(2));
}

TEST_CASE("a port that another root waits on is an error that says what to do") {
  const UniqueId first = open_loopback_root();
  const auto next = open_root(first.addresses, random_tag());
  CHECK(next.code() == Code::system_error);
  CHECK_THAT(next.sentence(), Contains(to_string(first.addresses.front())) && Contains("BCCL_COMM_ID"));
}

TEST_CASE("an address of another host cannot be listened on") {
  const auto root = open_root({Address{.bytes = {192, 0, 2, 250}}}, random_tag());
  CHECK(root.code() == Code::invalid_argument);
  CHECK_THAT(root.sentence(), Contains("192.0.2.250") && Contains("give one of rank 0's host"));
}

TEST_CASE("of several addresses those of this host are listened on") {
  const auto root = open_root({Address{.bytes = {192, 0, 2, 250}}, loopback()}, random_tag());
  REQUIRE(root.ok());
  CHECK(root.value().addresses.size() == 1);
}

}  // namespace
}  // namespace bccl::test
