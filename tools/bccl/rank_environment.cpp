#include "tools/bccl/rank_environment.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/system_limit.h"

namespace bccl::tool {
namespace {

constexpr const char* loopback = "127.0.0.1";

bool sets_same_name(std::string_view left, std::string_view right) {
  return left.substr(0, left.find('=')) == right.substr(0, right.find('='));
}

Result<KeptPort> keep_port(bool on_loopback) {
  KeptPort port{FileDescriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(on_loopback ? INADDR_LOOPBACK : INADDR_ANY);
  const int on = 1;
  socklen_t length = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (!port.socket.valid() || bind(port.socket.get(), any, length) != 0 ||
      setsockopt(port.socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      getsockname(port.socket.get(), any, &length) != 0)
    return fail_limit(errno, "cannot reserve a TCP port");
  port.number = ntohs(address.sin_port);
  return port;
}

/// As the host of host:port.
std::string bracketed(const std::string& address) {
  return address.find(':') == std::string::npos ? address : "[" + address + "]";
}

}  // namespace

Result<std::string> make_secret() {
  std::array<unsigned char, 32> bytes;
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return fail_errno(errno, "cannot get random bytes for the job's secret");
  std::string text;
  for (unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

Result<Meeting> make_meeting(const std::string& address) {
  Meeting meeting;
  meeting.address = address;
  meeting.master = BCCL_TRY(keep_port(address == loopback));
  meeting.bccl = BCCL_TRY(keep_port(address == loopback));
  meeting.master.socket = FileDescriptor();  // programs that listen there need not know of SO_REUSEADDR
  meeting.secret = BCCL_TRY(make_secret());
  return meeting;
}

std::vector<std::string> environment_of(const RankPlace& place, const Meeting& meeting) {
  std::vector<std::string> variables = {
      fmt::format("RANK={}", place.rank),
      fmt::format("WORLD_SIZE={}", place.ranks),
      fmt::format("LOCAL_RANK={}", place.local_rank),
      fmt::format("LOCAL_WORLD_SIZE={}", place.local_ranks),
      fmt::format("MASTER_ADDR={}", meeting.address),
      fmt::format("MASTER_PORT={}", meeting.master.number),
      fmt::format("BCCL_COMM_ID={}:{}", bracketed(meeting.address), meeting.bccl.number),
      fmt::format("BCCL_SECRET={}", meeting.secret),
  };
  const size_t own = variables.size();
  for (char** inherited = environ; *inherited != nullptr; ++inherited) {
    const bool replaced =
        std::any_of(variables.begin(), variables.begin() + static_cast<ptrdiff_t>(own),
                    [&](const std::string& mine) { return sets_same_name(mine, *inherited); });
    if (!replaced) variables.emplace_back(*inherited);
  }
  return variables;
}

}  // namespace bccl::tool
