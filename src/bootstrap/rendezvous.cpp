#include "bootstrap/rendezvous.h"

#include "bootstrap/authenticate.h"
#include "bootstrap/interfaces.h"
#include "bootstrap/root_server.h"

namespace bccl {

Result<UniqueId> open_root(const Settings& settings) {
  const auto listen_on = settings.comm_id.empty()
                             ? choose_addresses(BCCL_TRY(interface_addresses()), settings.interface_name)
                             : parse_address(settings.comm_id);
  if (!listen_on.ok()) return fail(listen_on.code(), "{}", listen_on.sentence());
  return open_root(listen_on.value(), random_tag());
}

Result<UniqueId> open_root(const std::vector<RootAddress>& listen_on,
                           const std::array<uint8_t, secret_bytes>& secret) {
  return RootServer::of_this_process().open(listen_on, secret);
}

}  // namespace bccl
