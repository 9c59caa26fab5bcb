#include "wired_link.h"

#include <array>
#include <stdexcept>

#include <sys/socket.h>

#include "transport/tcp/cipher.h"

namespace bccl::test {

using namespace tcp;

WiredLink::WiredLink(const Options& options) {
  std::vector<Pipe> near;
  for (int socket = 0; socket <= options.sockets; ++socket) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
      throw std::runtime_error("socketpair");
    near.emplace_back(FileDescriptor{ends[0]}, nullptr);
    far_.emplace_back(ends[1]);
  }
  auto memory = SlotMemory::map(static_cast<size_t>(options.lanes * options.slices_max), options.slot_bytes);
  link_ = std::make_unique<Link>("rank 0 (host a)", Peer{3, "b", "192.0.2.7:4000"}, std::move(near),
                                 std::move(memory).value(), options);
}

void WiredLink::tell(int socket, const std::string& bytes) {
  if (send(far_[static_cast<size_t>(socket)].get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(bytes.size()))
    throw std::runtime_error("the link's socket is full");
}

void WiredLink::tell(const Header& header) {
  const HeaderBytes packed = header.pack();
  tell(0, std::string{reinterpret_cast<const char*>(packed.data()), packed.size()});
}

std::string WiredLink::heard(int socket) {
  std::string bytes;
  std::array<char, 4096> some;
  for (ssize_t count; (count = recv(far_[static_cast<size_t>(socket)].get(), some.data(), some.size(), 0)) > 0;)
    bytes.append(some.data(), static_cast<size_t>(count));
  return bytes;
}

std::string WiredLink::trouble() {
  link_->read();
  return link_->error() ? link_->error()->sentence : std::string{};
}

std::string text_of(const Incoming& slice) {
  return {reinterpret_cast<const char*>(slice.data), slice.bytes};
}

}  // namespace bccl::test
