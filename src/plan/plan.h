/// A Plan says what one rank must move and combine, in which order: the whole of a collective algorithm.
/// It is a value without pointers, bytes, datatypes, operations, transports or devices. The same plan is
/// executed, verified, simulated, drawn and hashed.
///
///   Plan    = a list of channels, and for each buffer the labels of its chunks
///   Channel = a list of steps, executed in order, independently of the other channels save for `after`
///   Step    = one fused pass over one range of chunks:
///               inputs : [local chunks]? and slices received from 0…k peers, combined in a stated order
///               outputs: [local chunks]? and slices sent to 0…k peers; all get the same result
///             always carried out as receive → combine → copy → send
///
/// Messages match first-in-first-out per (sender, receiver, channel). A chunk is symbolic: its *label* says
/// which part of the partition it is, and a binding gives that part its bytes. Larger chunks travel as
/// several slices; every slice runs through the plan on its own, so what is proved of a plan holds slice by
/// slice.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bccl {

using Rank = int;

/// source: what the caller gives (read only). target: where the result goes. scratch: the executor's own.
/// In place means that a label which both source and target hold lies in the same memory in both; every plan of a
/// collective that may be called in place must be right either way.
enum class Buffer : uint8_t { source, target, scratch };
inline constexpr int buffer_count = 3;

/// A contiguous range of chunks of one buffer. count == 0: absent.
struct Chunks {
  Buffer buffer = Buffer::source;
  int first = 0;
  int count = 0;

  bool present() const { return count > 0; }
  bool operator==(const Chunks&) const = default;
};

inline Chunks source(int first, int count = 1) { return {Buffer::source, first, count}; }
inline Chunks target(int first, int count = 1) { return {Buffer::target, first, count}; }
inline Chunks scratch(int first, int count = 1) { return {Buffer::scratch, first, count}; }

/// Names a step of another channel of the same rank that must have run (for the same slice) before.
struct After {
  int channel = -1;
  int step = -1;

  bool present() const { return channel >= 0; }
  bool operator==(const After&) const = default;
};

/// One input combines nothing: a copy. Two or more are reduced, left to right: recv[0 … from_at), then `from`
/// if present, then recv[from_at …). At least one of `from` and `to` is present, and both carry equal labels.
struct Step {
  Chunks from;
  Chunks to;
  int from_at = 0;
  std::vector<Rank> recv;
  std::vector<Rank> send;
  After after;
  bool completes = false;  ///< The result is the full reduction, reached here: where an average is divided.

  int inputs() const { return static_cast<int>(recv.size()) + (from.present() ? 1 : 0); }
  const Chunks& extent() const { return from.present() ? from : to; }  ///< Gives the step its bytes.
  bool operator==(const Step&) const = default;
};

using Channel = std::vector<Step>;

enum class Collective : uint8_t {
  all_reduce, all_gather, reduce_scatter, broadcast, reduce, gather, scatter, all_to_all, barrier,
};
inline constexpr int collective_count = 9;
const char* name_of(Collective collective);

struct Plan {
  Collective collective = Collective::all_reduce;
  std::string algorithm;  ///< The generator's name, for people; no one decides anything by it.
  int ranks = 0;
  Rank rank = 0;                          ///< Whose plan this is.
  Rank root = 0;                          ///< Of a collective that has one; else 0.
  int labels = 0;                         ///< Blocks of the call (layout.h) × parts that a plan cuts each into.
  int message_chunks = 1;                 ///< The most chunks that any step of any rank covers.
  std::vector<int> layout[buffer_count];  ///< Label of each chunk, by buffer. Chunks lie one after another.
  std::vector<Channel> channels;

  const std::vector<int>& labels_of(Buffer buffer) const { return layout[static_cast<int>(buffer)]; }
  bool operator==(const Plan&) const = default;
};

/// What a generator may look at: the shape of the communicator, the same on every rank.
struct Shape {
  int ranks = 1;
  int channels = 1;  ///< Parallel copies, for algorithms that take them.

  /// groups[level][rank]: the group of `rank` at `level`; level 0 is the innermost (say, one host). Groups of
  /// a level nest in those of the next, may differ in size, and need not be contiguous. Empty: one flat
  /// group.
  std::vector<std::vector<int>> groups;

  Rank root = 0;  ///< Of collectives that have one; else 0.

  bool operator==(const Shape&) const = default;
};

}  // namespace bccl
