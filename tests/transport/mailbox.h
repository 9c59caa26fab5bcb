/// The reference transport: what the boundary promises, in the fewest lines, for ranks that are threads of
/// one process. Every connection is a bounded queue of its own, a slice for several peers is copied for each.
/// Sends by reference from any memory, save the smallest slices, and puts some of what arrives into place.
/// The conformance suite is developed against it; faster transports must behave the same.
#pragma once

#include <memory>
#include <vector>

#include "transport/transport.h"

namespace bccl::test {

struct MailboxShape {
  int lanes = 2;
  int slices_max = 3;
  size_t slice_bytes_max = 8192;  ///< A multiple of 16.
};

/// The endpoints of a group, by rank.
std::vector<std::unique_ptr<Endpoint>> make_mailbox_group(int ranks, const MailboxShape& shape = {});

}  // namespace bccl::test
