#include "base/amounts.h"

#include <catch2/catch.hpp>

using namespace bccl;

TEST_CASE("durations are read as people write them") {
  CHECK(parse_duration_ms("500ms").value() == 500);
  CHECK(parse_duration_ms("30s").value() == 30'000);
  CHECK(parse_duration_ms("30").value() == 30'000);
  CHECK(parse_duration_ms("10m").value() == 600'000);
  CHECK(parse_duration_ms("2h").value() == 7'200'000);
  CHECK(parse_duration_ms("8760h").value() == 8760 * 3'600'000LL);
}

TEST_CASE("what is no duration is refused") {
  for (const char* bad : {"", "s", "-1s", "+1s", "1.5s", "10 s", "10x", "8761h", "99999999999999999999",
                          "9223372036854775807h"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_duration_ms(bad).ok());
  }
}

TEST_CASE("sizes are read as people write them") {
  CHECK(parse_bytes("0").value() == 0);
  CHECK(parse_bytes("4096").value() == 4096);
  CHECK(parse_bytes("64K").value() == 65536);
  CHECK(parse_bytes("16m").value() == 16 << 20);
  CHECK(parse_bytes("1G").value() == 1 << 30);
}

TEST_CASE("what is no size is refused") {
  for (const char* bad : {"", "K", "-1", "1.5M", "1 K", "1KB", "99999999999G", "0x10"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_bytes(bad).ok());
  }
}

TEST_CASE("amounts are shown in the largest unit that leaves no rest, and can be read again") {
  CHECK(bytes_text(65536) == "64K");
  CHECK(bytes_text(65537) == "65537");
  CHECK(bytes_text(3 << 20) == "3M");
  CHECK(duration_text(90'000) == "90s");
  CHECK(duration_text(600'000) == "10m");
  CHECK(duration_text(1) == "1ms");
  for (const int64_t number : {int64_t{0}, int64_t{1}, int64_t{1000}, int64_t{1} << 40, duration_ms_max}) {
    CHECK(parse_bytes(bytes_text(number)).value() == number);
    if (number <= duration_ms_max) CHECK(parse_duration_ms(duration_text(number)).value() == number);
  }
}
