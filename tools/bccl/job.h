/// What the launcher is asked to start. A value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bccl::tool {

enum class Binding : uint8_t {
  none,  ///< Ranks run on whatever cores the launcher may use.
  core,  ///< Rank r runs on core r, counted around if there are more ranks than cores.
};

inline constexpr int ranks_max = 1024;  ///< More processes than this on one host are a mistake.

struct Job {
  std::string speaker = "bccl run";  ///< Begins every line that the launcher itself writes.
  std::vector<std::string> command;  ///< The program, looked up in PATH, and its arguments.
  int ranks = 1;
  int first_rank = 0;       ///< Of a job with ranks on several hosts: the first here …
  int world = 0;            ///< … and how many there are everywhere; 0: those here are all.
  bool reads_input = true;  ///< Rank 0 has this process's stdin, unless that is a terminal.
  bool prefix = false;      ///< Write "[rank] " before every line of output.
  int64_t timeout_ms = 0;   ///< The job is ended after this; 0: never.
  int64_t grace_ms = 5000;  ///< From SIGTERM to SIGKILL.
  Binding binding = Binding::none;
};

}  // namespace bccl::tool
