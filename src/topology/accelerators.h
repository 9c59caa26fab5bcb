/// Which PCI devices compute, and who makes them. Pure functions.
#pragma once

#include <string_view>

namespace bccl {

/// `class_id`: base class and subclass. A graphics adapter counts if its maker also builds accelerators: that
/// of a server's management board does not.
bool is_accelerator(int class_id, int vendor_id);

/// The maker's usual name; empty: not one of those known here.
std::string_view accelerator_vendor(int vendor_id);

}  // namespace bccl
