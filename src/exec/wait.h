/// The one waiting policy. A caller that found nothing to do calls idle() and looks again:
///   spin   while the ranks of the host fit its cores: the next slice is nanoseconds away
///   yield  at once when they do not: what we wait for needs this core
///   sleep  after a millisecond of nothing, until a peer rings or it is time to look for trouble
/// One object per wait of a thread; nothing here allocates.
#pragma once

#include <cstdint>
#include <string_view>

#include "node/node.h"

namespace bccl {

enum class WaitKind : uint8_t { spin, yield };

/// `wish`: BCCL_WAIT (auto | spin | yield).
WaitKind wait_kind(const Node& node, std::string_view wish);

class Wait {
 public:
  explicit Wait(WaitKind kind) : kind_(kind) {}

  /// Something moved: the patience starts anew.
  void moved() { polls_ = 0; }

  /// Passes a moment. True when enough has passed to look for trouble (a millisecond, then every sleep); the caller
  /// then does so, and sleeps.
  bool idle();

  /// Sleeps until rung, or `other` (a descriptor or -1) is readable; see Node::sleep. `naps`: cut to a millisecond, when
  /// several nodes are waited for at once.
  void sleep(Node& node, bool naps, bool (*ready)(void*), void* argument, int other = -1);

  int64_t idle_ns() const { return polls_ == 0 ? 0 : idle_ns_; }  ///< Since the last moved(), stops of this process left out.

 private:
  WaitKind kind_;
  uint32_t polls_ = 0;
  int64_t idle_ns_ = 0;
  int64_t last_look_ns_ = 0;

  void account();
};

}  // namespace bccl
