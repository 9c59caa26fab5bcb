#include "program.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bccl::test {
namespace {

constexpr int patience_ms = 120'000;  // sanitizers and other load slow programs down

/// What tells a process that it is a rank, or how bccl is to be: the test's own business, not its
/// environment's.
bool is_inherited(std::string_view variable) {
  constexpr std::string_view names[] = {"RANK=",         "WORLD_SIZE=", "LOCAL_", "MASTER_",
                                        "TORCHELASTIC_", "OMPI_",       "PMIX_",  "PMI_",
                                        "MPI_LOCAL",     "SLURM_",      "BCCL_"};
  return std::none_of(std::begin(names), std::end(names),
                      [&](std::string_view name) { return variable.starts_with(name); });
}

void demand(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(what);
}
void demand_call(bool succeeded, const char* what) {
  demand(succeeded, fmt::format("{}: {}", what, std::strerror(errno)));
}

std::vector<std::string> environment_of(const Program& program) {
  std::vector<std::string> all = program.environment;
  for (char** variable = environ; *variable != nullptr; ++variable)
    if (is_inherited(*variable)) all.emplace_back(*variable);
  return all;
}

std::vector<char*> pointers_to(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

FileDescriptor file_with(const std::string& text) {
  FileDescriptor file(memfd_create("input", MFD_CLOEXEC));
  demand_call(write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()),
              "cannot write a program's input");
  demand_call(lseek(file.get(), 0, SEEK_SET) == 0, "cannot rewind a program's input");
  return file;
}

struct Pipe {
  Pipe() {
    int ends[2];
    demand_call(pipe2(ends, O_CLOEXEC) == 0, "cannot make a pipe to a program");
    read = FileDescriptor(ends[0]);
    write = FileDescriptor(ends[1]);
  }
  FileDescriptor read, write;
};

/// Appends what can be read now; false at the end of the stream.
bool append_from(FileDescriptor& from, std::string& text) {
  char block[65536];
  const ssize_t bytes = read(from.get(), block, sizeof block);
  if (bytes > 0) text.append(block, static_cast<size_t>(bytes));
  if (bytes == 0) from = FileDescriptor();
  return bytes != 0;
}

}  // namespace

pid_t start_here(const Become& become) {
  const pid_t parent = getpid();
  const pid_t child = fork();
  demand_call(child >= 0, "cannot fork");
  if (child != 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() == parent) become();
  _exit(1);
}

Started::Started(const Program& program, const Starter& start) {
  const FileDescriptor input = file_with(program.input);
  Pipe output, errors;
  const std::vector<std::string> environment = environment_of(program);
  const std::vector<char*> words = pointers_to(program.words), variables = pointers_to(environment);
  pid_ = start([&] {
    dup2(input.get(), STDIN_FILENO);
    dup2(output.write.get(), STDOUT_FILENO);
    dup2(errors.write.get(), STDERR_FILENO);
    execvpe(words[0], words.data(), variables.data());
    _exit(127);
  });
  output_ = std::move(output.read);
  errors_ = std::move(errors.read);
}

Started::Started(Started&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      output_(std::move(other.output_)),
      errors_(std::move(other.errors_)),
      seen_(std::move(other.seen_)) {}

Started::~Started() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Started::signal(int number) const { demand_call(kill(pid_, number) == 0, "cannot signal a program"); }

/// Waits for more of either stream; false when both have ended.
bool Started::read_some() {
  pollfd streams[] = {{output_.get(), POLLIN, 0}, {errors_.get(), POLLIN, 0}};
  if (!output_.valid() && !errors_.valid()) return false;
  int ready = 0;
  while ((ready = poll(streams, 2, patience_ms)) < 0 && errno == EINTR) {
  }
  demand(ready > 0, fmt::format("a program says nothing more and does not end\nstdout: {}\nstderr: {}",
                                seen_.output, seen_.errors));
  if (streams[0].revents != 0) append_from(output_, seen_.output);
  if (streams[1].revents != 0) append_from(errors_, seen_.errors);
  return true;
}

void Started::await_output(const std::string& text) {
  while (seen_.output.find(text) == std::string::npos)
    demand(read_some(), fmt::format("a program ended without saying '{}'\nstdout: {}\nstderr: {}", text,
                                    seen_.output, seen_.errors));
}

Outcome Started::end() {
  while (read_some()) {
  }
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  seen_.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return seen_;
}

Outcome outcome_of(const Program& program, const Starter& start) { return Started(program, start).end(); }

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace bccl::test
