/// What the launcher tells its ranks through their environment, and the loopback ports it keeps for them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file_descriptor.h"
#include "base/status.h"

namespace bccl::tool {

/// A TCP port of 127.0.0.1 that no one is given by chance while this lives: the socket is bound, does not
/// listen, and lets a rank that sets SO_REUSEADDR listen there.
struct KeptPort {
  FileDescriptor socket;
  uint16_t number = 0;
};
Result<KeptPort> keep_port();

/// One job's part of the environment, the same for all ranks. Holds the job's secret.
struct Meeting {
  KeptPort master;  ///< MASTER_PORT: for the program's own rendezvous.
  KeptPort bccl;    ///< In BCCL_COMM_ID.
  std::string secret;
};
Result<Meeting> make_meeting();

/// The environment of this process with the variables of one rank put in: "NAME=value" strings.
std::vector<std::string> environment_of(int rank, int ranks, const Meeting& meeting);

}  // namespace bccl::tool
