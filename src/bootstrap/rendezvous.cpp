#include "bootstrap/rendezvous.h"

#include "bootstrap/root_server.h"
#include "net/interfaces.h"
#include "net/keyed_hash.h"

namespace bccl {

Result<UniqueId> open_root(const Settings& settings) { return open_root(settings, random_tag()); }

Result<UniqueId> open_root(const Settings& settings, const std::array<uint8_t, secret_bytes>& secret) {
  auto interfaces = BCCL_TRY(interface_addresses());
  const auto listen_on = BCCL_TRY(
      settings.comm_id.empty() ? choose_addresses(std::move(interfaces), settings.interface_name, root_addresses_max)
                               : parse_address(settings.comm_id));
  return open_root(listen_on, secret);
}

Result<UniqueId> open_root(const std::vector<Address>& listen_on,
                           const std::array<uint8_t, secret_bytes>& secret) {
  return RootServer::of_this_process().open(listen_on, secret);
}

}  // namespace bccl
