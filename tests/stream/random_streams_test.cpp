// Random programs on several streams by several threads: whatever the interleaving, order holds and all ends.
#include <random>
#include <vector>

#include <catch2/catch.hpp>

#include "../support/sanitized.h"
#include "pieces.h"
#include "stream/event.h"

namespace bccl::test {
namespace {

constexpr int streams = 4;
constexpr int events = 3;
constexpr int threads = 3;

/// A piece of work that checks that what it follows is done, and that it comes in its thread's order.
struct Piece {
  std::vector<Point> follows;   ///< Of its stream so far, when it was enqueued.
  std::atomic<int>* newest;     ///< Number of this thread's last piece in this stream that has run.
  int number = 0;
  std::atomic<int>* faults;
  std::atomic<int>* ran;
  static void run(void* self) {
    Piece& piece = *static_cast<Piece*>(self);
    for (const Point& point : piece.follows)
      if (!point.reached()) ++*piece.faults;
    if (piece.newest->exchange(piece.number) >= piece.number) ++*piece.faults;
    ++*piece.ran;
  }
};

struct World {
  std::vector<std::shared_ptr<HostStream>> stream;
  std::vector<Event> event{events};
  std::atomic<int> faults{0};
  std::atomic<int> ran{0};
  std::atomic<int> refused{0};
};

/// Enqueues `steps` pieces of work; the number of them.
int act(World& world, unsigned seed, int steps, std::vector<std::unique_ptr<Piece>>& pieces) {
  std::mt19937 random(seed);
  std::vector<std::atomic<int>> newest(streams);
  std::vector<std::vector<Point>> follows(streams);
  int enqueued = 0;
  for (int step = 0; step < steps; ++step) {
    const size_t at = random() % streams;
    HostStream& stream = *world.stream[at];
    Event& event = world.event[random() % events];
    switch (random() % 8) {
      case 0: event.record(stream.end()); break;
      case 1: {
        Point point = event.point();
        if (follows[at].size() < 20) follows[at].push_back(point);
        if (!stream.follow(std::move(point)).ok()) ++world.refused;
        break;
      }
      case 2: {
        const Point point = random() % 2 == 0 ? stream.end() : event.point();
        if (point.stream != nullptr && !point.stream->run_until(point.position).ok()) ++world.refused;
        if (!point.reached()) ++world.faults;
        break;
      }
      default:
        pieces.push_back(std::unique_ptr<Piece>(
            new Piece{follows[at], &newest[at], ++enqueued, &world.faults, &world.ran}));
        if (!stream.enqueue(Piece::run, pieces.back().get()).ok()) ++world.refused;
    }
  }
  for (const auto& stream : world.stream)
    if (!finish(*stream).ok()) ++world.refused;
  return enqueued;
}

TEST_CASE("Random programs of several threads on several streams keep every order, and end") {
  const int rounds = sanitized ? 5 : 30;
  const unsigned seed = Catch::rngSeed();
  INFO("seed " << seed);
  for (int round = 0; round < rounds; ++round) {
    World world;
    for (int i = 0; i < streams; ++i) world.stream.push_back(HostStream::make());
    std::vector<std::vector<std::unique_ptr<Piece>>> pieces(threads);
    std::vector<int> enqueued(threads);
    std::vector<std::thread> actors;
    for (int i = 0; i < threads; ++i)
      actors.emplace_back([&, i] {
        enqueued[size_t(i)] = act(world, seed + unsigned(round * threads + i), 300, pieces[size_t(i)]);
      });
    for (std::thread& actor : actors) actor.join();
    for (const auto& stream : world.stream) stream->close();
    CHECK(world.faults == 0);
    CHECK(world.refused == 0);
    CHECK(world.ran == enqueued[0] + enqueued[1] + enqueued[2]);
  }
}

}  // namespace
}  // namespace bccl::test
