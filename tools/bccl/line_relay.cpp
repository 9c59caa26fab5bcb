#include "tools/bccl/line_relay.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace bccl::tool {
namespace {

/// Writes everything; stdout may have been made non-blocking by whoever shares it.
void write_all(int to, const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    const ssize_t written = write(to, text.data() + at, text.size() - at);
    if (written >= 0) {
      at += static_cast<size_t>(written);
    } else if (errno == EAGAIN) {
      pollfd room{to, POLLOUT, 0};
      poll(&room, 1, -1);
    } else if (errno != EINTR) {
      return;  // nobody reads: the output is lost, as it would be without us
    }
  }
}

}  // namespace

LineRelay::LineRelay(FileDescriptor from, int to, std::string prefix)
    : from_(std::move(from)), to_(to), prefix_(std::move(prefix)) {
  fcntl(from_.get(), F_SETFL, fcntl(from_.get(), F_GETFL) | O_NONBLOCK);
}

void LineRelay::pump() {
  char block[65536];
  ssize_t bytes = read(from_.get(), block, sizeof block);
  if (bytes > 0) {
    pending_.append(block, static_cast<size_t>(bytes));
    write_lines(pending_.size() > line_bytes_max);
  } else if (bytes == 0 || (errno != EAGAIN && errno != EINTR)) {
    write_lines(true);
    from_ = FileDescriptor();
  }
}

void LineRelay::finish() {
  // A grandchild may hold the pipe open, and write, for ever: take what a pipe can hold, do not wait for the
  // end.
  for (int block = 0; block < 2 && open(); ++block) pump();
  write_lines(true);
  from_ = FileDescriptor();
}

void LineRelay::write_lines(bool unfinished_too) {
  std::string text;
  size_t begin = 0;
  for (size_t end; (end = pending_.find('\n', begin)) != std::string::npos; begin = end + 1)
    text.append(prefix_).append(pending_, begin, end + 1 - begin);
  if (unfinished_too && begin < pending_.size()) {
    text.append(prefix_).append(pending_, begin).append("\n");
    begin = pending_.size();
  }
  pending_.erase(0, begin);
  write_all(to_, text);
}

}  // namespace bccl::tool
