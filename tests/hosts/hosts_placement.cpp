#include "hosts_placement.h"

#include <cstdlib>
#include <thread>

#include <fmt/format.h>
#include <sys/random.h>

#include "system_call.h"

namespace bccl::test {
namespace {

constexpr int master_port = 29500;  // a host that was just made has no port taken

std::string random_secret() {
  unsigned char bytes[32];
  must(static_cast<int>(getrandom(bytes, sizeof bytes, 0)), "cannot get random bytes");
  std::string text;
  for (unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace

HostsPlacement::HostsPlacement(Hosts& hosts, const std::vector<int>& ranks_of_hosts)
    : hosts_(hosts), secret_(random_secret()) {
  for (int host = 0; host < hosts.size(); ++host) {
    const int local_size = ranks_of_hosts.at(static_cast<size_t>(host));
    for (int local_rank = 0; local_rank < local_size; ++local_rank)
      places_.push_back({static_cast<int>(places_.size()), host, local_rank, local_size});
  }
}

std::vector<std::string> HostsPlacement::variables(const Place& place) const {
  std::vector<std::string> all = {
      fmt::format("RANK={}", place.rank),
      fmt::format("WORLD_SIZE={}", places_.size()),
      fmt::format("LOCAL_RANK={}", place.local_rank),
      fmt::format("LOCAL_WORLD_SIZE={}", place.local_size),
      fmt::format("MASTER_ADDR={}", hosts_[0].address()),
      fmt::format("MASTER_PORT={}", master_port),
      fmt::format("BCCL_SECRET={}", secret_),
      fmt::format("HOST_INDEX={}", place.host),
      fmt::format("HOST_COUNT={}", hosts_.size()),
  };
  if (places_.size() > std::thread::hardware_concurrency() && std::getenv("BCCL_WAIT") == nullptr)
    all.emplace_back("BCCL_WAIT=yield");
  return all;
}

}  // namespace bccl::test
