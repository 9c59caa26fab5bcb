#include "tools/bccl/hosts/host_part.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "tools/bccl/launch.h"

namespace bccl::tool {
namespace {

using Json = nlohmann::json;

constexpr size_t line_bytes_max = size_t{4} << 20;

/// Byte by byte: what follows is not ours to take.
Result<std::string> read_line(int fd) {
  std::string line;
  for (char letter = 0; line.size() < line_bytes_max; line += letter) {
    const ssize_t bytes = read(fd, &letter, 1);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes != 1)
      return fail(Code::invalid_usage, "--part: stdin ended; bccl run --hosts starts this on the hosts");
    if (letter == '\n') return line;
  }
  return fail(Code::invalid_usage, "--part: the line on stdin is too long");
}

/// The ports that the leading part says: "29000 29001".
Result<Meeting> meeting_at(const std::string& ports) {
  unsigned master = 0, bccl = 0;
  char rest = 0;
  if (std::sscanf(ports.c_str(), "%u %u%c", &master, &bccl, &rest) != 2 || master > 65535 || bccl > 65535)
    return fail(Code::invalid_usage, "--part: '{}' are not two ports", ports);
  Meeting meeting;
  meeting.master.number = static_cast<uint16_t>(master);
  meeting.bccl.number = static_cast<uint16_t>(bccl);
  return meeting;
}

Result<Meeting> follow(int input_fd) {
  const std::string ports = BCCL_TRY(read_line(input_fd));
  return meeting_at(ports);
}

Result<Meeting> lead(const HostPart& part) {
  Meeting meeting = BCCL_TRY(make_meeting(part.address));
  fmt::print("{}{} {}\n", ports_marker, meeting.master.number, meeting.bccl.number);
  std::fflush(stdout);
  return meeting;
}

Status take_place(const HostPart& part) {
  if (chdir(part.directory.c_str()) != 0)
    return fail_errno(errno, fmt::format("cannot run in {}", part.directory));
  for (const std::string& variable : part.environment) {
    const size_t equals = variable.find('=');
    if (equals != std::string::npos)
      setenv(variable.substr(0, equals).c_str(), variable.c_str() + equals + 1, 1);
  }
  return {};
}

}  // namespace

std::string to_line(const HostPart& part) {
  return Json{{"host", part.host},
              {"address", part.address},
              {"secret", part.secret},
              {"directory", part.directory},
              {"environment", part.environment},
              {"leads", part.leads},
              {"command", part.job.command},
              {"ranks", part.job.ranks},
              {"first_rank", part.job.first_rank},
              {"world", part.job.world},
              {"prefix", part.job.prefix},
              {"grace_ms", part.job.grace_ms},
              {"binding", static_cast<int>(part.job.binding)}}
      .dump();
}

Result<HostPart> host_part_from(const std::string& line) try {
  const Json json = Json::parse(line);
  HostPart part;
  json.at("host").get_to(part.host);
  json.at("address").get_to(part.address);
  json.at("secret").get_to(part.secret);
  json.at("directory").get_to(part.directory);
  json.at("environment").get_to(part.environment);
  json.at("leads").get_to(part.leads);
  json.at("command").get_to(part.job.command);
  json.at("ranks").get_to(part.job.ranks);
  json.at("first_rank").get_to(part.job.first_rank);
  json.at("world").get_to(part.job.world);
  json.at("prefix").get_to(part.job.prefix);
  json.at("grace_ms").get_to(part.job.grace_ms);
  part.job.binding = json.at("binding").get<int>() == 0 ? Binding::none : Binding::core;
  part.job.reads_input = false;
  part.job.speaker = fmt::format("bccl run on {}", part.host);
  if (part.job.command.empty() || part.job.ranks < 1 || part.job.ranks > ranks_max)
    return fail(Code::invalid_usage, "--part: no program, or no ranks, on stdin");
  return part;
} catch (const Json::exception& error) {
  return fail(Code::invalid_usage, "--part: stdin is not what bccl run --hosts writes: {}", error.what());
}

Result<int> run_host_part(int input_fd) {
  const std::string line = BCCL_TRY(read_line(input_fd));
  const HostPart part = BCCL_TRY(host_part_from(line));
  BCCL_TRY(take_place(part));
  Meeting meeting = BCCL_TRY(part.leads ? lead(part) : follow(input_fd));
  meeting.address = part.address;
  meeting.secret = part.secret;
  return launch(part.job, meeting, input_fd);
}

}  // namespace bccl::tool
