/// A host's part of a job that spans hosts: what its launcher tells it, and how it carries that out. The part
/// is `bccl run --part` on that host; it reads from stdin the first line below, then (unless it leads) the
/// second, and then nothing: the end of its stdin ends its ranks.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "tools/bccl/job.h"

namespace bccl::tool {

struct HostPart {
  Job job;
  std::string host;     ///< Which this is, for people.
  std::string address;  ///< Where rank 0 is, as all hosts reach it.
  std::string secret;
  std::string directory;                 ///< To run in.
  std::vector<std::string> environment;  ///< "NAME=value", on top of what is there.
  bool leads = false;                    ///< It has rank 0, and chooses the ports.
};

std::string to_line(const HostPart& part);
Result<HostPart> host_part_from(const std::string& line);

/// What the part that leads says first on its stdout; behind it stand the ports as the others are told them.
inline constexpr const char* ports_marker = "bccl-run-ports ";

/// The value: the exit status of the part.
Result<int> run_host_part(int input_fd);

}  // namespace bccl::tool
