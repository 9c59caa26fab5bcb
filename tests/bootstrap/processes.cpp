#include "processes.h"

#include <array>
#include <csignal>
#include <stdexcept>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bccl::test {
namespace {

constexpr char ready_mark = '\x01';

void write_all(const FileDescriptor& pipe, std::string_view bytes) {
  if (write(pipe.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
    throw std::runtime_error("cannot write to a pipe");
}

std::string read_to_end(const FileDescriptor& pipe) {
  std::string text;
  for (char byte; read(pipe.get(), &byte, 1) == 1;) text += byte;
  return text;
}

std::array<FileDescriptor, 2> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
  return {FileDescriptor{ends[0]}, FileDescriptor{ends[1]}};
}

/// The child's whole life.
[[noreturn]] void live(const Processes::Body& body, int rank, const FileDescriptor& in,
                       const FileDescriptor& out) {
  std::array<char, unique_id_bytes> bytes;
  size_t got = 0;
  while (got < bytes.size()) {
    const ssize_t count = read(in.get(), bytes.data() + got, bytes.size() - got);
    if (count <= 0) _exit(1);  // the test has ended before it began
    got += static_cast<size_t>(count);
  }
  const auto id = UniqueId::unpack(bytes);
  write_all(out, id.ok() ? body(id.value(), rank, [&] { write_all(out, {&ready_mark, 1}); }) : id.sentence());
  _exit(0);
}

}  // namespace

Processes::Processes(int count, const Body& body) {
  for (int rank = 0; rank < count; ++rank) {
    auto [in, to] = make_pipe();
    auto [from, out] = make_pipe();
    const pid_t pid = fork();
    if (pid < 0) throw std::runtime_error("cannot fork");
    if (pid == 0) {
      each_.clear();  // closes its copies of the pipes to its elder siblings
      to = FileDescriptor{};
      from = FileDescriptor{};
      live(body, rank, in, out);
    }
    each_.push_back({pid, std::move(to), std::move(from)});
  }
}

Processes::~Processes() {
  for (Process& each : each_) {
    if (each.pid < 0) continue;
    ::kill(each.pid, SIGKILL);
    waitpid(each.pid, nullptr, 0);
  }
}

void Processes::start(const UniqueId& id) {
  const auto bytes = id.pack();
  for (const Process& each : each_) write_all(each.to, {bytes.data(), bytes.size()});
}

void Processes::wait_until_ready(int rank) {
  char mark = 0;
  if (read(each_[static_cast<size_t>(rank)].from.get(), &mark, 1) != 1 || mark != ready_mark)
    throw std::runtime_error("a process ended before it was ready");
}

void Processes::kill(int rank) {
  Process& each = each_[static_cast<size_t>(rank)];
  ::kill(each.pid, SIGKILL);
  waitpid(each.pid, nullptr, 0);
  each.pid = -1;
}

std::string Processes::report(int rank) {
  Process& each = each_[static_cast<size_t>(rank)];
  const std::string text = read_to_end(each.from);
  waitpid(each.pid, nullptr, 0);
  each.pid = -1;
  return text;
}

std::vector<std::string> Processes::reports() {
  std::vector<std::string> all;
  for (size_t rank = 0; rank < each_.size(); ++rank) all.push_back(report(static_cast<int>(rank)));
  return all;
}

}  // namespace bccl::test
