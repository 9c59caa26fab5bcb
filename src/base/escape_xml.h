#pragma once

#include <string>
#include <string_view>

namespace bccl {

/// Text as it stands between the tags of an XML or SVG document.
std::string escape_xml(std::string_view text);

}  // namespace bccl
