/// What jobs might leave behind on the host: files in /dev/shm and sockets. For comparing before and after.
#pragma once

#include <string>
#include <vector>

namespace bccl::test {

/// The names of those that bear bccl's, sorted.
std::vector<std::string> leavings();

}  // namespace bccl::test
