#include "fork_ranks.h"

#include <csignal>
#include <cstdio>
#include <exception>
#include <vector>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "placement.h"

namespace bccl::bench {
namespace {

[[noreturn]] void be_rank(int rank, int ranks, const std::function<void(int)>& body) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  int status = 0;
  try {
    if (ranks <= sysconf(_SC_NPROCESSORS_ONLN)) bind_rank(rank);
    body(rank);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rank %d: %s\n", rank, error.what());
    status = 1;
  }
  std::fflush(stdout);
  _exit(status);
}

}  // namespace

int fork_ranks(int ranks, const std::function<void(int)>& body) {
  std::vector<pid_t> children;
  for (int rank = 0; rank < ranks; ++rank) {
    const pid_t child = fork();
    if (child == 0) be_rank(rank, ranks, body);
    children.push_back(child);
  }
  int failed = 0;
  for (size_t left = children.size(); left > 0; --left) {
    int status = 0;
    wait(&status);
    if (status == 0 || failed != 0) continue;
    failed = 1;
    for (const pid_t child : children)
      if (child > 0) kill(child, SIGTERM);
  }
  return failed;
}

}  // namespace bccl::bench
