#include "transport/tcp/cipher.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace bccl::tcp {
namespace {

constexpr size_t length_bytes = sizeof(uint32_t);
constexpr size_t box_bytes_max = Cipher::record_bytes_max + crypto_secretstream_xchacha20poly1305_ABYTES;
constexpr size_t stream_header_bytes = crypto_secretstream_xchacha20poly1305_HEADERBYTES;

unsigned char* raw(std::byte* bytes) { return reinterpret_cast<unsigned char*>(bytes); }

/// Copies from the pieces, one after another, until `into` is full or they end.
size_t gather(std::span<const iovec> from, std::span<std::byte> into) {
  size_t copied = 0;
  for (const iovec& piece : from) {
    const size_t some = std::min(piece.iov_len, into.size() - copied);
    if (some > 0) std::memcpy(into.data() + copied, piece.iov_base, some);
    copied += some;
  }
  return copied;
}

size_t total(std::span<const iovec> pieces) {
  size_t bytes = 0;
  for (const iovec& piece : pieces) bytes += piece.iov_len;
  return bytes;
}

}  // namespace

Cipher::Cipher(const Tag& sending, const Tag& receiving) : receiving_key_(receiving) {
  static_assert(sizeof(Tag) == crypto_secretstream_xchacha20poly1305_KEYBYTES);
  in_.resize(length_bytes + box_bytes_max);
  plain_.reserve(record_bytes_max);
  out_.reserve(stream_header_bytes + length_bytes + box_bytes_max);
  out_.resize(stream_header_bytes);
  crypto_secretstream_xchacha20poly1305_init_push(&sealing_, raw(out_.data()), sending.data());
}

/// Sends what is sealed; true once nothing is left.
bool Cipher::flush(int socket, Transfer& outcome) {
  while (sent_ < out_.size()) {
    const iovec rest{out_.data() + sent_, out_.size() - sent_};
    outcome = write_some(socket, {&rest, 1});
    if (outcome.gone || outcome.bytes == 0) break;
    sent_ += outcome.bytes;
  }
  outcome.bytes = 0;
  if (sent_ < out_.size()) return false;
  out_.clear();
  sent_ = 0;
  has_record_ = false;
  return true;
}

Transfer Cipher::send(int socket, std::span<const iovec> from) {
  Transfer outcome;
  if (has_record_ && !flush(socket, outcome)) return outcome;
  const size_t offered = std::min(total(from), record_bytes_max);
  if (offered == 0) return outcome;
  std::byte plain[record_bytes_max];
  gather(from, {plain, offered});
  const size_t at = out_.size();
  const auto length = static_cast<uint32_t>(offered + crypto_secretstream_xchacha20poly1305_ABYTES);
  out_.resize(at + length_bytes + length);
  std::memcpy(out_.data() + at, &length, length_bytes);
  crypto_secretstream_xchacha20poly1305_push(&sealing_, raw(out_.data() + at + length_bytes), nullptr, raw(plain),
                                             offered, raw(out_.data() + at), length_bytes, 0);
  has_record_ = true;
  flush(socket, outcome);
  if (!outcome.gone) outcome.bytes = offered;
  return outcome;
}

size_t Cipher::give(std::span<const iovec> into, size_t given) {
  size_t skip = given;
  for (const iovec& piece : into) {
    const size_t done = std::min(skip, piece.iov_len);
    skip -= done;
    const size_t some = std::min(piece.iov_len - done, plain_.size() - plain_begin_);
    if (some > 0) std::memcpy(static_cast<std::byte*>(piece.iov_base) + done, plain_.data() + plain_begin_, some);
    plain_begin_ += some;
    given += some;
  }
  return given;
}

bool Cipher::start_opening() {
  if (in_end_ - in_begin_ < stream_header_bytes) return false;
  crypto_secretstream_xchacha20poly1305_init_pull(&opening_, raw(in_.data() + in_begin_), receiving_key_.data());
  in_begin_ += stream_header_bytes;
  return opened_ = true;
}

/// Opens the next record if it is there whole.
bool Cipher::open_next(Transfer& outcome) {
  if (!opened_ && !start_opening()) return false;
  const size_t there = in_end_ - in_begin_;
  if (there < length_bytes) return false;
  std::byte* const record = in_.data() + in_begin_;
  uint32_t length;
  std::memcpy(&length, record, length_bytes);
  if (length > box_bytes_max || length <= crypto_secretstream_xchacha20poly1305_ABYTES) {
    outcome = {0, true, EBADMSG};
    return false;
  }
  if (there < length_bytes + length) return false;
  plain_.resize(length - crypto_secretstream_xchacha20poly1305_ABYTES);
  plain_begin_ = 0;
  if (crypto_secretstream_xchacha20poly1305_pull(&opening_, raw(plain_.data()), nullptr, nullptr,
                                                 raw(record + length_bytes), length, raw(record), length_bytes) != 0) {
    plain_.clear();
    outcome = {0, true, EBADMSG};
    return false;
  }
  in_begin_ += length_bytes + length;
  return true;
}

Transfer Cipher::receive(int socket, std::span<const iovec> into) {
  Transfer outcome;
  const size_t wanted = total(into);
  size_t given = give(into, 0);
  while (given < wanted && !outcome.gone) {
    if (open_next(outcome)) {
      given = give(into, given);
      continue;
    }
    if (outcome.gone) break;
    std::memmove(in_.data(), in_.data() + in_begin_, in_end_ - in_begin_);
    in_end_ -= std::exchange(in_begin_, size_t{0});
    const iovec room{in_.data() + in_end_, in_.size() - in_end_};
    outcome = read_some(socket, {&room, 1});
    if (outcome.gone || outcome.bytes == 0) break;
    in_end_ += outcome.bytes;
  }
  if (given > 0) return {given};  // what ended the stream will show again next time
  return {0, outcome.gone, outcome.error};
}

}  // namespace bccl::tcp
