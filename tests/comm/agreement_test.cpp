// Ranks whose settings lead to different plans find out when the communicator is made; settings that the wire
// does not show may differ.
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include "base/file_descriptor.h"
#include "base/settings_registry.h"
#include "comm/agreement.h"
#include "reduction_data.h"
#include "team.h"
#include "tuner/tuning_table.h"

namespace bccl::test {
namespace {

/// What a process reads whose environment this is; `origin` stands for a file, if it is not empty.
Settings settings_of(const std::map<std::string, std::string>& values, const std::string& file = "") {
  GivenSettings given;
  int line = 0;
  for (const auto& [name, value] : values)
    given.all.push_back({name, value, file.empty() ? SettingSource::environment : SettingSource::file,
                         file.empty() ? "environment" : fmt::format("file {}:{}", file, ++line)});
  return read_settings(given, test_settings()).value();
}

void check_sentence(const std::vector<Settings>& settings, const std::string& expected) {
  const Outcomes outcomes = create_with(settings);
  for (size_t rank = 0; rank < outcomes.size(); ++rank) {
    INFO("rank " << rank);
    CHECK(outcomes[rank].code() == Code::invalid_usage);
    CHECK(outcomes[rank].sentence() ==
          "ranks disagree on what must be equal on all of them: " + expected + "; make them equal");
  }
}

TEST_CASE("Every rank names who differs in which setting, both values and who set them, and nothing that is equal") {
  const Settings ring = settings_of({{"BCCL_ALGO", "ring"}, {"BCCL_CHANNELS", "2"}});
  const Settings direct = settings_of({{"BCCL_ALGO", "direct"}, {"BCCL_CHANNELS", "2"}}, "/etc/bccl.conf");
  check_sentence({ring, ring, ring, direct},
                 "BCCL_ALGO is ring on ranks 0-2 (environment), direct on rank 3 (file /etc/bccl.conf:1)");
  check_sentence({direct, ring, ring},
                 "BCCL_ALGO is direct on rank 0 (file /etc/bccl.conf:1), ring on ranks 1-2 (environment)");
}

TEST_CASE("Several differences are named at once, each with its own ranks") {
  check_sentence({settings_of({{"BCCL_SLICE_BYTES", "4K"}}), settings_of({{"BCCL_CHANNELS", "4"}}), settings_of({}),
                  settings_of({{"NCCL_BUFFSIZE", "8388608"}, {"BCCL_CHANNELS", "4"}})},
                 "BCCL_SLICE_BYTES is 4K on rank 0 (environment), auto on ranks 1-3 (default); "
                 "BCCL_CHANNELS is auto on ranks 0, 2 (default), 4 on ranks 1, 3 (environment); "
                 "BCCL_SHM_POOL_BYTES is auto on ranks 0-2 (default), 8M on rank 3 (environment, NCCL_BUFFSIZE=8388608)");
}

TEST_CASE("Every setting that the registry wants equal is compared, and no other") {
  const std::map<std::string, std::string> others{{"BCCL_ALGO", "ring"},
                                                  {"BCCL_REDUCTION_ORDER", "fixed"},
                                                  {"BCCL_HIERARCHY", "flat"},
                                                  {"BCCL_SLICE_BYTES", "4K"},
                                                  {"BCCL_CHANNELS", "2"},
                                                  {"BCCL_SHM", "off"},
                                                  {"BCCL_SHM_POOL_BYTES", "2M"},
                                                  {"BCCL_LINK", "10us,25Gbit/s"}};
  for (const SettingRule& rule : settings_registry()) {
    if (!rule.equal_on_all_ranks) continue;
    CAPTURE(rule.name);
    REQUIRE(others.contains(rule.name));  // a new one needs a value here
    const std::string other = statement(settings_of({{rule.name, others.at(rule.name)}}), "1");
    const std::string same = statement(settings_of({}), "1");
    CHECK_THAT(disagreement({same, same, other}), Catch::StartsWith(std::string(rule.name) + " is "));
  }
  const std::string patient = statement(settings_of({{"BCCL_TIMEOUT", "9m"}, {"BCCL_WAIT", "yield"}}), "1");
  CHECK(disagreement({patient, patient, statement(settings_of({}), "1")}).empty());
}

TEST_CASE("The same value from different places is no difference") {
  const Settings here = settings_of({{"BCCL_ALGO", "ring"}}), there = settings_of({{"BCCL_ALGO", "ring"}}, "/x");
  CHECK(disagreement({statement(here, "1"), statement(there, "1"), statement(here, "1")}).empty());
}

TEST_CASE("Another version of the library is named, with what one of them does not know") {
  const std::string old = statement(settings_of({}), "0.1.0"), fresh = statement(settings_of({}), "0.2.0");
  CHECK(disagreement({old, fresh, fresh}) == "the version of bccl is 0.1.0 on rank 0, 0.2.0 on ranks 1-2");
  using namespace std::string_literals;
  CHECK(disagreement({old, old, old + "BCCL_NEW\0""7\0environment\0"s}) ==
        "BCCL_NEW is unknown on ranks 0-1, 7 on rank 2 (environment)");
  CHECK_FALSE(disagreement({old, old, old.substr(0, old.size() / 2)}).empty());  // whatever another one sends
}

TEST_CASE("A rank with another version of the library is named on every rank when the communicator is made") {
  const std::vector<Settings> settings(3, test_settings());
  const std::string ours = statement(settings[0], BCCL_LIBRARY_VERSION),
                    theirs = statement(settings[0], "9.8.7");
  const Outcomes outcomes = create_with(
      settings, [&](int rank, const std::string& blob) { return rank == 1 && blob == ours ? theirs : blob; });
  for (const Status& outcome : outcomes) {
    CHECK(outcome.code() == Code::invalid_usage);
    CHECK(outcome.sentence() ==
          "ranks disagree on what must be equal on all of them: the version of bccl is " BCCL_LIBRARY_VERSION
          " on ranks 0, 2, 9.8.7 on rank 1; make them equal");
  }
}

TEST_CASE("Where a thousand ranks all differ the sentence stays one that can be read") {
  std::vector<std::string> statements;
  for (int rank = 0; rank < 1000; ++rank)
    statements.push_back(statement(settings_of({{"BCCL_ALGO", fmt::format("a{}", rank)}}), "1"));
  const std::string sentence = disagreement(statements);
  CHECK_THAT(sentence, Catch::EndsWith("a7 on rank 7 (environment), and others on 992 more ranks"));
  CHECK(sentence.size() < 500);
}

TEST_CASE(
    "Settings of one rank alone, its stores, waits and kernels among them, may differ and change no bit") {
  std::vector<Settings> settings(3, test_settings("ring"));
  settings[0].kernels = "scalar";
  settings[1].stores = "streaming";
  settings[1].wait = "yield";
  settings[2].wait = "spin";
  settings[2].late_warning_ms = 1234;
  Team team(settings);
  const ReductionData data(DataType::float16, ReduceOp::prod, 3);
  const Outcomes outcomes = team.each([&](Communicator& communicator) -> Status {
    std::vector<std::byte> buffer(2 * 10'000);
    data.fill(communicator.rank(), buffer.data(), 10'000);
    BCCL_TRY(communicator.run({.source = buffer.data(),
                               .target = buffer.data(),
                               .count = 10'000,
                               .type = DataType::float16,
                               .reduction = data.reduction(communicator.rank())}));
    if (data.first_wrong(buffer.data(), 10'000) < 10'000)
      return fail(Code::internal_error, "the result is wrong");
    return {};
  });
  INFO(troubles(outcomes));
  CHECK(troubles(outcomes).empty());
}

TEST_CASE("An algorithm that does not exist is refused on every rank, with those that do") {
  Team team(2, test_settings("quantum"));
  const Outcomes outcomes = team.each([](Communicator& communicator) {
    float number = 1;
    return communicator.run({.source = &number, .target = &number, .count = 1, .reduction = {}});
  });
  for (const Status& outcome : outcomes) {
    CHECK(outcome.code() == Code::invalid_argument);
    for (const std::string word : {"quantum", "ring", "one_shot", "halving_doubling"})
      CHECK_THAT(outcome.sentence(), Catch::Contains(word));
  }
}

/// A file of this process alone.
class FileInMemory {
 public:
  explicit FileInMemory(const std::string& text) : file_(memfd_create("table", MFD_CLOEXEC)) {
    REQUIRE(write(file_.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  std::string path() const { return fmt::format("/proc/self/fd/{}", file_.get()); }

 private:
  FileDescriptor file_;
};

TEST_CASE("Ranks with tuning tables of different contents are told apart, wherever the files are") {
  const auto table = [](int64_t ns) { return to_json(TuningTable{{{.ranks = 3, .timings = {{Collective::reduce, 8, "direct", ns}}}}}); };
  const FileInMemory one(table(1)), same(table(1)), other(table(2));
  const auto with = [](const FileInMemory& file) {
    Settings settings = test_settings();
    settings.tuning_file = file.path();
    return settings;
  };
  for (const Status& made : create_with({with(one), with(same), with(one)})) CHECK(made.ok());
  for (const Status& made : create_with({with(one), with(other), with(same)})) {
    CHECK(made.code() == Code::invalid_usage);
    CHECK_THAT(made.sentence(), Catch::Contains("different from rank 0: rank 1") && Catch::Contains("BCCL_TUNING_FILE"));
  }
}

}  // namespace
}  // namespace bccl::test
