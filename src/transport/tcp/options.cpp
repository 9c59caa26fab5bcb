#include "transport/tcp/options.h"

namespace bccl::tcp {

Options options_from(const Settings& settings) {
  Options options;
  if (settings.tcp_sockets != 0) options.sockets = static_cast<int>(settings.tcp_sockets);
  if (settings.tcp_slice_bytes != 0) options.slot_bytes = static_cast<size_t>(settings.tcp_slice_bytes);
  options.buffer_bytes = static_cast<size_t>(settings.tcp_buffer_bytes);
  options.detection_ms = settings.detection_ms;
  options.encryption = settings.tcp_encryption == "on";
  options.family = settings.socket_family == "ipv4" ? 4 : settings.socket_family == "ipv6" ? 6 : 0;
  options.interfaces = settings.interface_name;
  return options;
}

}  // namespace bccl::tcp
