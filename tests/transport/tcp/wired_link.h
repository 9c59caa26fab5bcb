/// A link whose peer is the test: the other ends of its sockets are in the test's hands.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "transport/tcp/link.h"

namespace bccl::test {

inline const tcp::Options link_options{
    .sockets = 3, .lanes = 2, .slices_max = 4, .slot_bytes = 16 << 10, .stripe_bytes_min = 1 << 10, .detection_ms = 5000};

class WiredLink {
 public:
  explicit WiredLink(const tcp::Options& options = link_options);

  tcp::Link& link() { return *link_; }
  /// Sends by that socket as the peer.
  void tell(int socket, const std::string& bytes);
  void tell(const tcp::Header& header);
  /// What the link has sent by that socket since, without waiting for more.
  std::string heard(int socket);
  void close(int socket) { far_[static_cast<size_t>(socket)] = FileDescriptor{}; }
  int sockets() const { return static_cast<int>(far_.size()); }  ///< Of both kinds.

  /// Reads until there is nothing more; the error, or empty.
  std::string trouble();

 private:
  std::vector<FileDescriptor> far_;
  std::unique_ptr<tcp::Link> link_;
};

std::string text_of(const tcp::Incoming& slice);

/// A lender who counts what comes back.
class Ledger final : public tcp::Lender {
 public:
  void give_back(uint32_t loan) override { returned.push_back(loan); }
  std::vector<uint32_t> returned;
};

}  // namespace bccl::test
