#include "control/message.h"

#include <catch2/catch.hpp>

using namespace bccl;
using namespace bccl::control;

TEST_CASE("messages come out of a stream as they went in, however it is cut") {
  const std::vector<Message> sent{{Kind::ask, ""}, {Kind::report, std::string(1000, 'r')}, {Kind::farewell, ""}};
  std::string stream;
  for (const Message& message : sent) stream += pack(message);
  for (const size_t piece : {size_t{1}, size_t{7}, stream.size()}) {
    MessageReader reader;
    std::vector<Message> came;
    for (size_t at = 0; at < stream.size(); at += piece) {
      reader.feed(std::string_view{stream}.substr(at, piece));
      for (;;) {
        auto message = reader.next();
        REQUIRE(message.ok());
        if (!message.value()) break;
        came.push_back(*message.value());
      }
    }
    CHECK(came == sent);
  }
}

TEST_CASE("a message of unknown kind or beyond the limit is refused") {
  const auto refuses = [](const Message& message, size_t bytes) {
    MessageReader reader;
    reader.feed(pack(message).substr(0, bytes));
    return !reader.next().ok();
  };
  const Message largest{Kind::report, std::string(message_payload_max, 'x')};
  const Message too_large{Kind::report, std::string(message_payload_max + 1, 'x')};
  CHECK_FALSE(refuses(largest, message_header_bytes));
  CHECK(refuses(too_large, message_header_bytes));
  CHECK(refuses({static_cast<Kind>(0), ""}, message_header_bytes));
  CHECK(refuses({static_cast<Kind>(6), ""}, message_header_bytes));
}

TEST_CASE("reports are as many as the host has ranks") {
  std::vector<BoardReport> reports(3);
  reports[1].in_call = 1;
  reports[2].calls[0].sequence = 7;
  const std::string payload = pack(reports);
  const auto parsed = parse_reports(payload, 3);
  REQUIRE(parsed.ok());
  CHECK(parsed.value()[1].in_call == 1);
  CHECK(parsed.value()[2].calls[0].sequence == 7);
  CHECK_FALSE(parse_reports(payload, 2).ok());
  CHECK_FALSE(parse_reports(payload.substr(1), 3).ok());
}

TEST_CASE("a notice keeps its code, rank and sentence, within limits") {
  const auto parsed = parse_notice(pack(Notice{Code::timeout, 2, "rank 1 is late"}), 3);
  REQUIRE(parsed.ok());
  CHECK(parsed.value().code == Code::timeout);
  CHECK(parsed.value().from_rank == 2);
  CHECK(parsed.value().sentence == "rank 1 is late");
  CHECK_FALSE(parse_notice(pack(Notice{Code::timeout, 3, "no such rank"}), 3).ok());
  CHECK_FALSE(parse_notice("short", 3).ok());
  CHECK(parse_notice(pack(Notice{static_cast<Code>(77), 0, ""}), 1).value().code == Code::remote_error);
  const std::string endless(10 * abort_sentence_max, 'x');
  CHECK(parse_notice(pack(Notice{Code::timeout, 0, endless}), 1).value().sentence.size() == abort_sentence_max);
}
