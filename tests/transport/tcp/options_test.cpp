#include "transport/tcp/options.h"

#include <map>
#include <string>

#include <catch2/catch.hpp>

namespace bccl::test {
namespace {

using namespace tcp;

TEST_CASE("settings say how ranks use TCP, and leave the rest as it is") {
  const Options chosen = options_from({});
  CHECK(chosen.sockets == Options{}.sockets);
  CHECK(chosen.slot_bytes == Options{}.slot_bytes);
  CHECK(chosen.detection_ms == Options{}.detection_ms);
  CHECK_FALSE(chosen.encryption);
  CHECK(chosen.family == 0);

  Settings settings;
  settings.tcp_sockets = 4;
  settings.tcp_slice_bytes = 8192;
  settings.tcp_buffer_bytes = 1 << 20;
  settings.detection_ms = 2'000;
  settings.tcp_encryption = "on";
  settings.socket_family = "ipv6";
  settings.interface_name = "^docker";
  const Options wished = options_from(settings);
  CHECK(wished.sockets == 4);
  CHECK(wished.slot_bytes == 8192);
  CHECK(wished.buffer_bytes == 1 << 20);
  CHECK(wished.detection_ms == 2'000);
  CHECK(wished.encryption);
  CHECK(wished.family == 6);
  CHECK(wished.interfaces == "^docker");
}

}  // namespace
}  // namespace bccl::test
