/// Any text either is no address, with a sentence, or comes apart into a host and a port that make it up
/// again.
#include "bootstrap/root_address.h"

#include "bootstrap/unique_id.h"
#include "input.h"

using namespace bccl;
using fuzz::require;

namespace {

/// Numbers only: no name is looked up.
void check_numeric(const std::string& text) {
  auto addresses = parse_address(text);
  require(addresses.ok() == addresses.sentence().empty(), "an error has a sentence");
  if (!addresses.ok()) return;
  require(addresses->size() == 1, "numbers are one address");
  auto again = parse_address(to_string(addresses->front()));
  require(again.ok() && again.value() == addresses.value(), "what is printed is the same address");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text{fuzz::Input{data, size}.rest()};
  Result<HostAndPort> place = split_address(text);
  require(place.ok() == place.sentence().empty(), "an error has a sentence");
  if (!place.ok()) return 0;
  require(!place->host.empty() && place->port != 0, "there is a host, and a port");
  const bool bracketed = text.front() == '[';
  auto again =
      split_address((bracketed ? "[" + place->host + "]" : place->host) + ":" + std::to_string(place->port));
  require(again.ok() && again->host == place->host && again->port == place->port,
          "the parts make it up again");
  if (place->numeric) check_numeric(text);
  return 0;
}
