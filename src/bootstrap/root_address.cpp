#include "bootstrap/root_address.h"

#include <algorithm>
#include <charconv>
#include <memory>

#include <netdb.h>

#include "bootstrap/unique_id.h"

namespace bccl {

Result<HostAndPort> split_address(const std::string& text) {
  const auto malformed = [&] {
    return fail(Code::invalid_argument,
                "\"{}\" is not an address: write host:port, 192.0.2.1:port or [2001:db8::1]:port", text);
  };
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return malformed();
  HostAndPort result{text.substr(0, colon)};
  const auto [end, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), result.port);
  if (error != std::errc{} || end != text.data() + text.size() || result.port == 0) return malformed();

  const bool bracketed = result.host.front() == '[' && result.host.back() == ']' && result.host.size() > 2;
  if (bracketed) result.host = result.host.substr(1, result.host.size() - 2);
  if (result.host.find_first_of(bracketed ? "[]" : "[]:") != std::string::npos) return malformed();
  if (bracketed && result.host.find(':') == std::string::npos) return malformed();  // "[*]" would be every address
  result.numeric = bracketed || result.host.find_first_not_of("0123456789.") == std::string::npos;
  if (result.host.find('\0') != std::string::npos) return malformed();
  return result;
}

Result<std::vector<Address>> parse_address(const std::string& host_and_port) {
  const HostAndPort place = BCCL_TRY(split_address(host_and_port));
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | (place.numeric ? AI_NUMERICHOST : 0);
  addrinfo* found = nullptr;
  const int error = getaddrinfo(place.host.c_str(), std::to_string(place.port).c_str(), &hints, &found);
  if (error != 0)
    return fail(Code::invalid_argument, "cannot resolve \"{}\": {}", host_and_port, gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);

  std::vector<Address> addresses;
  for (const addrinfo* each = found; each != nullptr && addresses.size() < root_addresses_max;
       each = each->ai_next) {
    const auto address = address_from(each->ai_addr);
    if (address && std::ranges::find(addresses, *address) == addresses.end()) addresses.push_back(*address);
  }
  if (addresses.empty())
    return fail(Code::invalid_argument, "\"{}\" has neither an IPv4 nor an IPv6 address", host_and_port);
  return addresses;
}

}  // namespace bccl
