/// What frames carry. Any bytes are refused or understood within the limits; what is understood says the same
/// when it is written again.
#include "net/packing.h"
#include "bootstrap/wire.h"
#include "input.h"

using namespace bccl;
using fuzz::Input;
using fuzz::require;

namespace {

void check_contribution(std::string_view bytes) {
  const auto contribution = parse_contribution(bytes);
  require(contribution.ok() == (bytes.size() >= 8), "eight bytes are enough for a contribution");
  if (contribution.ok())
    require(pack(contribution.value()) == bytes, "a contribution written again is the same");
}

void check_gathered(std::string_view bytes, size_t size) {
  std::vector<std::string> blobs;
  const Status status = parse_gathered(bytes, size, blobs);
  require(status.ok() == status.sentence().empty(), "an error has a sentence");
  if (!status.ok()) return;
  require(blobs.size() <= size, "no more blobs than ranks");
  std::string again;
  for (const Payload& payload : pack_gathered(blobs)) again += payload.bytes();
  require(again == bytes, "blobs written again are the same");
}

void check_failure(std::string_view bytes) {
  const Error failure = parse_failure(bytes);
  require(failure.code > Code::success && failure.code <= Code::timeout, "a failure has a known code");
  const Error again = parse_failure(pack(failure));
  require(again.code == failure.code && failure.sentence.starts_with(again.sentence),
          "a failure written again is the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input{data, size};
  const size_t ranks = input.byte();
  const std::string_view bytes = input.rest();
  check_contribution(bytes);
  check_gathered(bytes, ranks);
  check_failure(bytes);
  return 0;
}
