/// What a rank tells of itself before sockets are made: it is read and comes out the same, or is refused; and whatever
/// was read, the routes that follow from it are among its own addresses.
#include <algorithm>

#include "input.h"
#include "transport/tcp/facts.h"
#include "transport/tcp/routes.h"

using namespace bccl;
using namespace bccl::tcp;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  Result<Facts> facts = Facts::unpack(bytes);
  require(facts.ok() == facts.sentence().empty(), "an error has a sentence");
  if (!facts.ok()) return 0;
  require(facts->doors.size() <= doors_max, "there are no more doors than are read");
  Result<Facts> again = Facts::unpack(facts->pack());
  const auto is_long = [](const std::string& text) { return text.size() > 1024; };
  const bool cut = is_long(facts->terms) || is_long(facts->host) || is_long(facts->machine) || is_long(facts->failure) ||
                   std::ranges::any_of(facts->doors, is_long, &InterfaceAddress::interface_name);
  require(again.ok() && (cut || *again == *facts), "what was read is written the same");

  for (const bool same_machine : {false, true})
    for (const bool named : {false, true}) {
      const Routes routes = routes_to(facts->doors, facts->doors, same_machine, named);
      require(routes.rails <= routes.addresses.size() && (routes.rails > 0) == !routes.addresses.empty(),
              "rails are the first of the addresses");
      for (const Address& address : routes.addresses)
        require(std::ranges::find(facts->doors, address, &InterfaceAddress::address) != facts->doors.end(),
                "only addresses that were told are called");
    }
  return 0;
}
