/// The stream of frames on an authenticated connection, changed on its way as the input wants and arriving in
/// pieces of any size: what is read is what was sent, up to the first change.
#include <vector>

#include "bootstrap/wire.h"
#include "input.h"

using namespace bccl;
using fuzz::Input;
using fuzz::require;

namespace {

struct Sent {
  std::string bytes;
  std::vector<std::string> payloads;
  std::vector<size_t> ends;  ///< Of the frames in `bytes`.
};

Sent send_some(Input& input, const Tag& key) {
  FrameSealer sealer{key};
  Sent sent;
  for (int frames = input.below(4); frames > 0; --frames) {
    const Payload payload{std::string(input.take(input.byte()))};
    sent.bytes += sealer.header(FrameKind::contribution, payload) + payload.bytes();
    sent.payloads.push_back(payload.bytes());
    sent.ends.push_back(sent.bytes.size());
  }
  return sent;
}

/// Replaces a part of the stream by something else, or by nothing.
void meddle(Input& input, std::string& stream) {
  const size_t at = (input.byte() << 8 | input.byte()) % (stream.size() + 1);
  stream.replace(at, input.byte(), input.take(input.byte()));
}

/// The payloads read from the stream, until it ends or a frame is refused.
std::vector<std::string> receive(Input& input, const std::string& stream, const Tag& key) {
  FrameReader reader{key};
  std::vector<std::string> payloads;
  size_t fed = 0;
  while (fed < stream.size()) {
    const size_t piece = std::min(size_t{1} + input.byte(), stream.size() - fed);
    reader.feed(std::string_view{stream}.substr(fed, piece));
    fed += piece;
    for (auto frame = reader.next();; frame = reader.next()) {
      require(frame.ok() == frame.sentence().empty(), "an error has a sentence");
      if (!frame.ok()) return payloads;
      if (!*frame) break;
      payloads.push_back((*frame)->payload);
    }
  }
  return payloads;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input{data, size};
  const Tag key = fuzz::filled<32>(9);
  Sent sent = send_some(input, key);
  std::string stream = sent.bytes;
  if (input.below(4) != 0) meddle(input, stream);

  const auto intact_bytes = std::ranges::mismatch(sent.bytes, stream).in1 - sent.bytes.begin();
  const auto intact_frames =
      std::ranges::count_if(sent.ends, [&](size_t end) { return end <= static_cast<size_t>(intact_bytes); });
  sent.payloads.resize(static_cast<size_t>(intact_frames));
  require(receive(input, stream, key) == sent.payloads, "what came intact is read, and nothing else");
  return 0;
}
