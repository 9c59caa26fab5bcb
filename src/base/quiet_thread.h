/// Threads of the library's own: the application's signal handlers never run in them, and they run near what they serve.
#pragma once

#include <functional>
#include <vector>

#include "base/status.h"

namespace bccl {

/// Finds the processors for a thread that the calling thread is about to start, to serve something at a NUMA node (by the
/// system's number; -1: the calling thread). Empty: where the calling thread may run.
using ThreadPlace = std::vector<int> (*)(int node_number);

/// How threads are placed from now on: said by parts above, which know the machine. Null, as at first: they run where
/// the threads that start them may. Any thread.
void set_thread_place(ThreadPlace place);

/// Starts a detached thread of that name (15 bytes at most). `node_number`: of the NUMA node that what it serves is at, where
/// that is not the calling thread's.
Status start_quiet_thread(const char* name, std::function<void()> body, int node_number = -1);

/// The same for the calling thread's own work, done in its stead: it runs where the calling thread may.
Status start_stand_in(const char* name, std::function<void()> body);

}  // namespace bccl
