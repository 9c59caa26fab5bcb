// Forked children: nothing of their parent's communicator is theirs, and they disturb it in no way.
#include <catch2/catch.hpp>

#include "job.h"

namespace bccl::test {
namespace {

/// What a forked child finds when it uses its parent's communicator. Empty if all is refused as it should.
std::string fault_of_child(bcclComm_t comm) {
  float number = 1;
  if (bcclAllReduce(&number, &number, 1, bcclFloat, bcclSum, comm, nullptr) != bcclInvalidUsage)
    return "it may call";
  if (std::string(bcclGetLastError(comm)).find("fork") == std::string::npos) return bcclGetLastError(comm);
  bcclResult_t state = bcclSuccess;
  if (bcclCommGetAsyncError(comm, &state) != bcclSuccess || state != bcclInvalidUsage)
    return "its state is sound";
  return {};
}

/// Forks; the child runs `body` and ends with its exit status. The exit status.
template <class Body>
int status_of_child(const Body& body) {
  const pid_t child = fork();
  expect(child >= 0, "cannot fork");
  if (child == 0) body();
  int status = 0;
  expect(waitpid(child, &status, 0) == child, "the child is lost");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST_CASE(
    "A forked child's calls are refused, and neither they nor its end disturb the running communicator") {
  Job job(3, {}, [](Member& member) {
    member.join();
    for (int i = 0; i < (sanitized ? 5 : 25); ++i) {
      member.sum_well(3000, 4);
      if (member.rank() != 1) continue;
      const int status = status_of_child([&] { _exit(fault_of_child(member.comm()).empty() ? 0 : 1); });
      expect(status == 0, fmt::format("the child ended with {}", status));
    }
    member.sum_well(3000, 4);
    member.destroy();
  });
  job.check_ends();
}

TEST_CASE("A forked child may destroy or abort what it inherited without touching its parent's") {
  for (const bool abort : {false, true}) {
    Job job(3, {}, [&](Member& member) {
      member.join();
      for (int i = 0; i < 5; ++i) {
        member.sum_well(3000, 4);
        if (member.rank() != i % 3) continue;
        const int status = status_of_child([&] {
          if (abort)
            bcclCommAbort(member.comm());
          else
            bcclCommDestroy(member.comm());
          _exit(0);
        });
        expect(status == 0, fmt::format("the child ended with {}", status));
      }
      member.sum_well(3000, 4);
      member.destroy();
    });
    INFO((abort ? "abort" : "destroy"));
    job.check_ends();
  }
}

TEST_CASE("Children forked while other ranks are inside a call, and killed, leave the call alone") {
  Job job(4, {}, [](Member& member) {
    member.join();
    for (int i = 0; i < (sanitized ? 3 : 10); ++i) {
      if (member.rank() == 2) {
        const int status = status_of_child([] { raise(SIGKILL); });
        expect(status == 128 + SIGKILL, "the child was not killed");
      }
      member.sum_well(20'000);
    }
    member.destroy();
  });
  job.check_ends();
}

TEST_CASE("A child may make a communicator of its own") {
  if (!threads_after_fork) return;  // two ranks in one process take two threads to make
  Job job(2, {}, [](Member& member) {
    member.join();
    member.sum_well(10);
    const int status = status_of_child([] {
      bcclComm_t comms[2] = {};
      float numbers[2] = {1, 2};
      if (bcclCommInitAll(comms, 2, nullptr) != bcclSuccess) _exit(1);
      bcclGroupStart();
      for (int rank = 0; rank < 2; ++rank)
        bcclAllReduce(&numbers[rank], &numbers[rank], 1, bcclFloat, bcclSum, comms[rank], nullptr);
      if (bcclGroupEnd() != bcclSuccess || numbers[0] != 3 || numbers[1] != 3) _exit(2);
      for (const bcclComm_t comm : comms)
        if (bcclCommDestroy(comm) != bcclSuccess) _exit(3);
      _exit(0);
    });
    expect(status == 0, fmt::format("the child ended with {}", status));
    member.sum_well(10);
    member.destroy();
  });
  job.check_ends();
}

TEST_CASE("A rank that is killed while a child of its lives is dead all the same") {
  Job job(3, {}, [](Member& member) {
    member.join();
    member.sum_well(100, 3);
    if (member.rank() == 1) {
      const pid_t child = fork();
      if (child == 0)
        for (;;) pause();
      member.board().child.store(child);
    }
    member.reach(1);
    member.note(member.sum_until_error(100));
    member.destroy();
  });
  for (int rank = 0; rank < 3; ++rank) job.await_stage(rank, 1);
  const int64_t killed_ns = job.kill(1);
  for (const int rank : {0, 2}) job.check_told(rank, bcclRemoteError, {1}, killed_ns);
  ::kill(job.board().child.load(), SIGKILL);
  job.check_ends({1});
}

}  // namespace
}  // namespace bccl::test
