#include "tools/bccl/hosts/launch_on_hosts.h"

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include <fmt/format.h>
#include <unistd.h>

#include "tools/bccl/hosts/host_part.h"
#include "tools/bccl/own_program.h"
#include "tools/bccl/rank_environment.h"
#include "tools/bccl/supervisor.h"

namespace bccl::tool {
namespace {

/// That much longer than for its ranks is waited for a host to end.
constexpr int64_t host_grace_ms = 2000;

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream all(text);
  for (std::string word; all >> word;) words.push_back(word);
  return words;
}

/// As one word of a shell's.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char letter : text) out += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  return out + "'";
}

/// What the ranks find of this process's environment: our settings, and what the user names.
std::vector<std::string> exported_variables(const HostsJob& job) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    if (text.starts_with("BCCL_") || text.starts_with("NCCL_")) variables.emplace_back(text);
  }
  for (const std::string& wish : job.exported) {
    const char* value = wish.find('=') == std::string::npos ? std::getenv(wish.c_str()) : nullptr;
    if (value != nullptr) variables.push_back(wish + "=" + value);
    if (wish.find('=') != std::string::npos) variables.push_back(wish);
  }
  return variables;
}

HostPart part_of(const HostsJob& job, const HostShare& share, const std::string& secret) {
  HostPart part;
  part.job = job.job;
  part.job.ranks = share.ranks;
  part.job.first_rank = share.first_rank;
  part.job.world = job.job.ranks;
  part.host = share.host;
  part.address = job.address.empty() ? job.shares.front().host : job.address;
  part.secret = secret;
  part.directory = std::filesystem::current_path().string();
  part.environment = exported_variables(job);
  part.leads = share.first_rank == 0;
  return part;
}

RankStart start_of(const HostsJob& job, const HostShare& share, const std::string& program) {
  RankStart start;
  start.name = fmt::format("host {}", share.host);
  start.command = words_of(job.launcher);
  start.command.push_back(share.host);
  start.command.push_back(fmt::format("exec {} run --part", quoted(program)));
  for (char** variable = environ; *variable != nullptr; ++variable) start.environment.emplace_back(*variable);
  start.input = RankInput::told;
  start.relay_output = true;
  return start;
}

}  // namespace

Result<int> launch_on_hosts(const HostsJob& job) {
  Supervisor supervisor = BCCL_TRY(Supervisor::make({.speaker = job.job.speaker,
                                                     .unit = "hosts",
                                                     .timeout_ms = job.job.timeout_ms,
                                                     .grace_ms = job.job.grace_ms + host_grace_ms}));
  const std::string program = job.remote_bccl.empty() ? BCCL_TRY(own_program()) : job.remote_bccl;
  const std::string secret = BCCL_TRY(make_secret());
  std::vector<RankStart> starts;
  for (const HostShare& share : job.shares) starts.push_back(start_of(job, share, program));
  BCCL_TRY(supervisor.start(starts));
  for (size_t at = 0; at < job.shares.size(); ++at)
    supervisor.process(at).tell(to_line(part_of(job, job.shares[at], secret)) + "\n");
  const std::string ports = supervisor.line_from(0, ports_marker);
  for (size_t at = 1; at < job.shares.size(); ++at) {
    RankProcess& other = supervisor.process(at);
    ports.empty() ? other.end_input() : other.tell(ports + "\n");  // without, it gives up
  }
  return supervisor.run();
}

}  // namespace bccl::tool
