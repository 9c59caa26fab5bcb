#include "topology/accelerators.h"

#include <algorithm>
#include <array>

namespace bccl {
namespace {

// Classes of the PCI Code and ID Assignment Specification: base class, subclass.
constexpr int class_vga = 0x0300;
constexpr int class_3d = 0x0302;
constexpr int class_other_display = 0x0380;
constexpr int class_coprocessor = 0x0b40;
constexpr int class_accelerator = 0x1200;

struct Vendor {
  int id;
  std::string_view name;
};
constexpr std::array vendors{
    Vendor{0x1002, "AMD"},           Vendor{0x10de, "NVIDIA"}, Vendor{0x8086, "Intel"},
    Vendor{0x1d94, "Hygon"},         Vendor{0x19e5, "Huawei"}, Vendor{0x1d22, "Baidu"},
    Vendor{0xcabc, "Cambricon"},     Vendor{0x1da3, "Habana"}, Vendor{0x1e36, "Enflame"},
    Vendor{0x1ed5, "Moore Threads"},
};

}  // namespace

bool is_accelerator(int class_id, int vendor_id) {
  switch (class_id) {
    case class_3d:
    case class_coprocessor:
    case class_accelerator:
      return true;
    case class_vga:
    case class_other_display:
      return !accelerator_vendor(vendor_id).empty();
    default:
      return false;
  }
}

std::string_view accelerator_vendor(int vendor_id) {
  const auto found = std::ranges::find(vendors, vendor_id, &Vendor::id);
  return found == vendors.end() ? std::string_view{} : found->name;
}

}  // namespace bccl
