#include "base/link_terms.h"

#include <catch2/catch.hpp>

#include "base/settings.h"

using namespace bccl;

TEST_CASE("what a link takes is read as people write it") {
  CHECK(parse_link_terms("10us,25Gbit/s").value() == LinkTerms{10'000, 0.32});
  CHECK(parse_link_terms("1.5ms,100Mbit/s").value() == LinkTerms{1'500'000, 80});
  CHECK(parse_link_terms("0ns,0.8Tbit/s").value() == LinkTerms{0, 0.01});
}

TEST_CASE("what is no link is refused") {
  for (const char* bad : {"", ",", "10us", "10us,", ",25Gbit/s", "10,25Gbit/s", "10us,25", "10us;25Gbit/s", "-1us,25Gbit/s",
                          "10us,0Gbit/s", "10us,-1Gbit/s", "2s,25Gbit/s", "10us,101Tbit/s", "nanus,25Gbit/s", "10us,infGbit/s",
                          "10us,25Gbit/s,", "1e3us,25Gbit/s"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_link_terms(bad).ok());
  }
}

TEST_CASE("what a link takes is shown in three digits, and can be read again") {
  for (const char* text : {"10us,25Gbit/s", "1.5ms,100Mbit/s", "150ns,1.6Tbit/s", "0ns,1Gbit/s"})
    CHECK(link_terms_text(parse_link_terms(text).value()) == text);
  CHECK(link_terms_text({12'345, 0.8}) == "12.3us,10Gbit/s");
}

TEST_CASE("links that are written in different ways are one setting") {
  const auto read = [](const char* entry) {
    const char* const lines[] = {entry, nullptr};
    return read_settings(given_in_environment(lines)).value().link;
  };
  CHECK(read("BCCL_LINK=10us,25Gbit/s") == read("BCCL_LINK=0.01ms,25000Mbit/s"));
  CHECK(read("BCCL_LINK=Assumed") == "assumed");
}
