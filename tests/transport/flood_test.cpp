// Ranks as threads, all at once: what only real concurrency can break.
#include <algorithm>
#include <cstring>

#include "../support/sanitized.h"
#include "conformance.h"

namespace bccl::test {
namespace {

/// What rank `from` sends on a lane, in order: a pure function, so that every receiver can replay it.
class Script {
 public:
  struct Send {
    std::vector<int> peers;
    Sample slice;
  };

  Script(uint64_t seed, int ranks, int from, int lane, size_t bytes_max)
      : origin_(hash_of(seed) + key_of(from, from, lane, 0)), bytes_max_(bytes_max) {
    std::vector<int> all;
    for (int step = 1; step < ranks; ++step) {
      const int peer = (from + step) % ranks;
      all.push_back(peer);
      peer_sets_.push_back({peer});
      if (step > 1) peer_sets_.push_back({peer, (from + step - 1) % ranks});
    }
    peer_sets_.push_back(all);
  }

  Send operator[](uint64_t index) const {
    const uint64_t dice = hash_of(origin_ + index);
    return {peer_sets_[dice % peer_sets_.size()], {dice, random_size(hash_of(dice), bytes_max_)}};
  }

 private:
  uint64_t origin_;
  size_t bytes_max_;
  std::vector<std::vector<int>> peer_sets_;
};

/// One rank's part: sends its scripts, replays those of all others, and pauses now and then.
class Flood {
 public:
  Flood(Group& group, RankThread& thread, uint64_t sends_per_lane)
      : thread_(thread), sends_(sends_per_lane), random_(hash_of(group.seed()) + thread.rank()) {
    for (int lane = 0; lane < group.any().lanes(); ++lane)
      for (int from = 0; from < group.size(); ++from) {
        Script script{group.seed(), group.size(), from, lane, group.any().slice_bytes_max()};
        (from == thread.rank() ? out_ : in_).push_back({std::move(script), from, lane, 0});
      }
  }

  Status run() {
    Status mismatch;
    BCCL_TRY(thread_.wait_for("its part of a flood", [&] {
      bool done = true;
      for (Track& track : out_) done &= advance(track, mismatch, &Flood::send);
      for (Track& track : in_) done &= advance(track, mismatch, &Flood::receive);
      return done || !mismatch;
    }));
    return mismatch;
  }

 private:
  struct Track {
    Script script;
    int from;
    int lane;
    uint64_t next;
  };

  bool advance(Track& track, Status& mismatch, Result<bool> (Flood::*move)(Track&)) {
    random_ = hash_of(random_);
    if (random_ % 16 == 0) std::this_thread::yield();
    if (random_ % 8 == 1) return track.next == sends_;  // not in the mood: let the other side wait
    for (int burst = 0; burst < 4 && track.next < sends_; ++burst) {
      Result<bool> moved = (this->*move)(track);
      if (!moved) {
        mismatch = std::move(moved).take_error();
        return true;
      }
      if (!*moved) break;
    }
    return track.next == sends_;
  }

  Result<bool> send(Track& track) {
    const Script::Send next = track.script[track.next];
    Sender& sender = *BCCL_TRY(thread_.endpoint().sender(next.peers, track.lane));
    std::byte* memory = sender.try_acquire(next.slice.bytes);
    if (memory == nullptr) return false;
    next.slice.write(memory);
    sender.commit(next.slice.bytes, next.slice.signature());
    ++track.next;
    return true;
  }

  Result<bool> receive(Track& track) {
    const Script::Send next = track.script[track.next];
    if (std::ranges::count(next.peers, thread_.rank()) > 0) {
      Receiver& receiver = *BCCL_TRY(thread_.endpoint().receiver(track.from, track.lane));
      const Arrival arrival = receiver.try_peek();
      if (arrival.data == nullptr) return false;
      if (const std::string difference = next.slice.difference(arrival); !difference.empty())
        return fail(Code::internal_error, "rank {}: send {} of rank {} on lane {}: {}", thread_.rank(),
                    track.next, track.from, track.lane, difference);
      receiver.release();
    }
    ++track.next;
    return true;
  }

  RankThread& thread_;
  uint64_t sends_;
  uint64_t random_;
  std::vector<Track> out_;
  std::vector<Track> in_;
};

void flood(Group& group, uint64_t sends) {
  const uint64_t per_lane = sends / (sanitized ? 10 : 1) / group.size() / group.any().lanes();
  REQUIRE(is_ok(run_ranks(group, [&](RankThread& thread) { return Flood{group, thread, per_lane}.run(); })));
}

TEST_CASE("A flood between all pairs loses, changes and swaps nothing") {
  Group group = Group::each();
  flood(group, group.bare() ? 30'000 : 6'000);
}

TEST_CASE("A flood gets through with four ranks to a core") {
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  Group group = Group::each({std::clamp(4 * cores, 4, 32)});
  flood(group, group.bare() ? 40'000 : 10'000);
}

TEST_CASE("Two ranks answer each other's slices") {
  Group group = Group::each({2});
  const size_t bytes = GENERATE(size_t{0}, size_t{48}, size_t{4096});
  const size_t size = std::min(bytes, group.any().slice_bytes_max());
  REQUIRE(is_ok(run_ranks(group, [&](RankThread& thread) -> Status {
    const int peer = 1 - thread.rank();
    Sender& sender = *BCCL_TRY(thread.endpoint().sender({&peer, 1}, 0));
    Receiver& receiver = *BCCL_TRY(thread.endpoint().receiver(peer, 0));
    for (uint64_t serial = 0; serial < (sanitized ? 200 : 2000); ++serial) {
      const Sample slice{key_of(0, 1, 0, serial), size};
      const auto send = [&]() -> Status {
        std::byte* memory = nullptr;
        BCCL_TRY(thread.wait_for("room", [&] { return (memory = sender.try_acquire(size)) != nullptr; }));
        slice.write(memory);
        sender.commit(size, slice.signature());
        return {};
      };
      if (thread.rank() == 0) BCCL_TRY(send());
      Arrival arrival;
      BCCL_TRY(thread.wait_for("an answer", [&] { return (arrival = receiver.try_peek()).data != nullptr; }));
      const std::string difference = slice.difference(arrival);
      if (!difference.empty()) return fail(Code::internal_error, "slice {}: {}", serial, difference);
      receiver.release();
      if (thread.rank() == 1) BCCL_TRY(send());
    }
    return {};
  })));
}

uint64_t word_at(const std::byte* data, size_t index) {
  uint64_t word;
  std::memcpy(&word, data + index * sizeof word, sizeof word);
  return word;
}

TEST_CASE("Slices pass around a ring, each rank reading one while it writes the next") {
  Group group = Group::each();
  const size_t words = std::min<size_t>(group.any().slice_bytes_max(), 4096) / sizeof(uint64_t);
  const size_t bytes = words * sizeof(uint64_t);
  constexpr uint64_t laps = sanitized ? 50 : 500;
  REQUIRE(is_ok(run_ranks(group, [&](RankThread& thread) -> Status {
    const int right = (thread.rank() + 1) % group.size();
    const int left = (thread.rank() + group.size() - 1) % group.size();
    Sender& sender = *BCCL_TRY(thread.endpoint().sender({&right, 1}, 0));
    Receiver& receiver = *BCCL_TRY(thread.endpoint().receiver(left, 0));
    const auto pass_on = [&](const std::byte* from) -> Status {
      std::byte* memory = nullptr;
      BCCL_TRY(thread.wait_for("room", [&] { return (memory = sender.try_acquire(bytes)) != nullptr; }));
      for (size_t i = 0; i < words; ++i) {
        const uint64_t word = from == nullptr ? i : word_at(from, i) + 1;
        std::memcpy(memory + i * sizeof word, &word, sizeof word);
      }
      sender.commit(bytes, 0);
      return {};
    };
    if (thread.rank() == 0) BCCL_TRY(pass_on(nullptr));
    for (uint64_t lap = 0; lap < laps; ++lap) {
      Arrival arrival;
      BCCL_TRY(thread.wait_for("the ring", [&] { return (arrival = receiver.try_peek()).data != nullptr; }));
      const uint64_t hops = lap * group.size() + left;
      for (size_t i = 0; i < words; ++i)
        if (const uint64_t word = word_at(arrival.data, i); word != i + hops)
          return fail(Code::internal_error, "rank {}: word {} is {} in lap {}", thread.rank(), i, word, lap);
      if (lap < laps - 1 || thread.rank() != 0) BCCL_TRY(pass_on(arrival.data));
      receiver.release();
    }
    return {};
  })));
}

}  // namespace
}  // namespace bccl::test
