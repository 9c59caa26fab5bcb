#include "transport/tcp/pipe.h"

#include "transport/tcp/cipher.h"

namespace bccl::tcp {

Pipe::Pipe(FileDescriptor socket, std::unique_ptr<Cipher> cipher)
    : socket_(std::move(socket)), cipher_(std::move(cipher)) {}
Pipe::Pipe(Pipe&&) noexcept = default;
Pipe::~Pipe() = default;

Transfer Pipe::send(std::span<const iovec> from) {
  return cipher_ ? cipher_->send(socket_.get(), from) : write_some(socket_.get(), from);
}

Transfer Pipe::receive(std::span<const iovec> into) {
  return cipher_ ? cipher_->receive(socket_.get(), into) : read_some(socket_.get(), into);
}

size_t Pipe::bite_bytes() const { return cipher_ ? Cipher::record_bytes_max : SIZE_MAX; }

bool Pipe::holds_back() const { return cipher_ && cipher_->holds_back(); }

void Pipe::hang_up() { bccl::hang_up(socket_); }

}  // namespace bccl::tcp
