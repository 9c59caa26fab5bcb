/// What a link between hosts takes for a message: a time whatever its size, and a time a byte. A value; written
/// "10us,25Gbit/s".
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace bccl {

struct LinkTerms {
  double latency_ns = 0;  ///< One way, of a message that is as good as empty, by this library.
  double byte_ns = 0;     ///< 0: unknown.

  bool known() const { return byte_ns > 0; }
  bool operator==(const LinkTerms&) const = default;
};

/// A time in ns, us, ms or s and a rate in Mbit/s, Gbit/s or Tbit/s; the error says so.
Result<LinkTerms> parse_link_terms(std::string_view text);
std::string link_terms_text(const LinkTerms& terms);  ///< Known ones, to three digits.

}  // namespace bccl
