#include "control/link.h"

#include <array>
#include <cerrno>

#include <sys/uio.h>

#include "net/stream_socket.h"

namespace bccl::control {
namespace {

constexpr size_t read_bytes_max = 16 << 10;

}  // namespace

Link::~Link() {
  line_.messages.hang_up();
  line_.life.hang_up();
}

void Link::send(const Message& message) {
  if (loss_ != Loss::none) return;
  outbox_ += pack(message);
  write();
}

void Link::advance() {
  read();
  write();
  // Nothing ever comes on the other socket but its end.
  std::array<char, 1> nothing;
  if (loss_ != Loss::none) return;
  const iovec there{nothing.data(), nothing.size()};
  const Transfer life = line_.life.receive({&there, 1});
  if (life.gone) lose(life.error);
}

void Link::read() {
  std::array<char, read_bytes_max> bytes;
  while (loss_ == Loss::none) {
    const iovec into{bytes.data(), bytes.size()};
    const Transfer transfer = line_.messages.receive({&into, 1});
    inbox_.feed({bytes.data(), transfer.bytes});
    if (transfer.gone) lose(transfer.error);
    if (transfer.bytes == 0) return;
  }
}

void Link::write() {
  while (loss_ == Loss::none && wants_to_write()) {
    const iovec from{outbox_.data(), outbox_.size()};
    const Transfer transfer = line_.messages.send({&from, outbox_.empty() ? size_t{0} : size_t{1}});
    outbox_.erase(0, transfer.bytes);
    if (transfer.gone) read();  // what it said before it went is still to be read
    if (transfer.gone) lose(transfer.error);
    if (transfer.bytes == 0) return;
  }
}

std::optional<Message> Link::take_message() {
  Result<std::optional<Message>> message = inbox_.next();
  if (message.ok()) return std::move(message).value();
  loss_ = Loss::garbled;
  reason_ = message.sentence();
  return std::nullopt;
}

void Link::lose(int error) {
  if (loss_ != Loss::none) return;
  const bool silent = error == ETIMEDOUT || error == EHOSTUNREACH || error == ENETUNREACH || error == ENETDOWN;
  loss_ = silent ? Loss::unreachable : Loss::closed;
  reason_ = error == 0 ? "it closed the connection" : fail_errno(error, "its connection broke").sentence;
}

}  // namespace bccl::control
