/// What the launcher tells its ranks through their environment, and the ports it keeps for them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file_descriptor.h"
#include "base/status.h"

namespace bccl::tool {

/// A TCP port that no one is given by chance while this lives: the socket is bound, does not listen, and lets
/// a rank that sets SO_REUSEADDR listen there.
struct KeptPort {
  FileDescriptor socket;  ///< Invalid: kept on another host.
  uint16_t number = 0;
};

/// One job's part of the environment, the same for all ranks. Holds the job's secret.
struct Meeting {
  std::string address;  ///< Of rank 0's host: a name, or an address without brackets.
  KeptPort master;      ///< MASTER_PORT: for the program's own rendezvous.
  KeptPort bccl;        ///< In BCCL_COMM_ID.
  std::string secret;
};

/// With ports of this host: of 127.0.0.1 alone if that is the address.
Result<Meeting> make_meeting(const std::string& address);
Result<std::string> make_secret();

/// Which rank of the job, and which of those on its host.
struct RankPlace {
  int rank = 0;
  int ranks = 1;
  int local_rank = 0;
  int local_ranks = 1;
};

/// The environment of this process with the variables of one rank put in: "NAME=value" strings.
std::vector<std::string> environment_of(const RankPlace& place, const Meeting& meeting);

}  // namespace bccl::tool
