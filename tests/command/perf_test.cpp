// `bccl perf`: its flags and columns, and every way in which its ranks come to be.
#include <algorithm>
#include <memory>
#include <set>
#include <sstream>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/datatype.h"
#include "command.h"
#include "tools/bccl/perf/measured_collectives.h"

namespace bccl::test {
namespace {

constexpr const char* csv_columns =
    "collective,ranks,bytes,type,op,root,inplace,time_us_min,time_us_median,time_us_p95,time_us_p99,"
    "algbw_GBps,busbw_GBps,wrong";

std::vector<std::string> perf(const std::vector<std::string>& arguments) {
  std::vector<std::string> all{"perf", "all_reduce"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return all;
}

/// The rows of a CSV report without its times, which have to be positive and in order.
std::vector<std::string> rows_of(const std::string& csv) {
  auto lines = lines_of(csv);
  REQUIRE_FALSE(lines.empty());
  CHECK(lines.front() == csv_columns);
  std::vector<std::string> rows;
  for (size_t i = 1; i < lines.size(); ++i) {
    std::vector<std::string> fields;
    std::istringstream line(lines[i]);
    for (std::string field; std::getline(line, field, ',');) fields.push_back(field);
    if (lines[i].ends_with(',')) fields.emplace_back();
    INFO(lines[i]);
    REQUIRE(fields.size() == 14);
    const double min = std::stod(fields[7]), median = std::stod(fields[8]), p95 = std::stod(fields[9]),
                 p99 = std::stod(fields[10]);
    CHECK((0 < min && min <= median && median <= p95 && p95 <= p99));
    CHECK(std::stod(fields[11]) == Approx(std::stod(fields[2]) / median / 1e3).epsilon(0.01).margin(1e-4));
    rows.push_back(fields[0] + " " + fields[1] + " " + fields[2] + " " + fields[3] + " " + fields[4] + " " +
                   fields[6] + " wrong " + fields[13]);
  }
  return rows;
}

TEST_CASE("bccl perf starts its own ranks and checks and times every size, out of place and in place") {
  const std::string csv = output_of(
      command(perf({"--ranks", "3", "-b", "8", "-e", "2K", "-f", "16", "-n", "3", "-w", "1", "--csv"})));
  CHECK(rows_of(csv) ==
        std::vector<std::string>{
            "all_reduce 3 8 float32 sum 0 wrong 0", "all_reduce 3 8 float32 sum 1 wrong 0",
            "all_reduce 3 128 float32 sum 0 wrong 0", "all_reduce 3 128 float32 sum 1 wrong 0",
            "all_reduce 3 2048 float32 sum 0 wrong 0", "all_reduce 3 2048 float32 sum 1 wrong 0"});
}

TEST_CASE("Sizes may grow by steps, and one alone may be given") {
  const auto stepped = rows_of(
      output_of(command(perf({"--ranks", "2", "-b", "64", "-e", "320", "-i", "128", "-n", "1", "--csv"}))));
  CHECK(stepped.size() == 6);  // 64, 192, 320
  CHECK_THAT(stepped.back(), Catch::Contains(" 320 "));
  CHECK(rows_of(output_of(command(perf({"--ranks", "2", "-b", "1K", "-e", "1K", "-n", "1", "--csv"}))))
            .size() == 2);
}

TEST_CASE("Options -d all and -o all check every type with every reduction") {
  const auto rows = rows_of(output_of(command(perf({"--ranks", "3", "-b", "1000", "-e", "1000", "-n", "1",
                                                    "-w", "0", "-d", "all", "-o", "all", "--csv"}))));
  std::set<std::string> kinds;
  for (const std::string& row : rows) {
    CHECK_THAT(row, Catch::EndsWith("wrong 0"));
    std::istringstream words(row);
    std::string skipped, type, op;
    words >> skipped >> skipped >> skipped >> type >> op;
    kinds.insert(type + " " + op);
  }
  CHECK(kinds.size() == static_cast<size_t>(data_type_count * reduce_op_count));
  CHECK(rows.size() == 2 * kinds.size());
}

/// The command under another name.
Program called(const std::string& name, std::vector<std::string> arguments) {
  Program program = command(std::move(arguments));
  program.words.front() =
      std::string(BCCL_COMMAND).substr(0, std::string(BCCL_COMMAND).rfind('/') + 1) + name;
  return program;
}

TEST_CASE("Every benchmark can be called by the name that users know, and finds nothing wrong") {
  for (const tool::MeasuredCollective& collective : tool::measured_collectives()) {
    const std::string program(collective.program);
    INFO(program);
    for (const std::vector<std::string>& ranks : {std::vector<std::string>{"-g", "3"}, {"--ranks", "2"}}) {
      std::vector<std::string> arguments{"-b", "8",  "-e", "8K", "-f", "32",   "-n",
                                         "1",  "-w", "0",  "-r", "1",  "--csv"};
      arguments.insert(arguments.end(), ranks.begin(), ranks.end());
      const auto rows = rows_of(output_of(called(program, arguments)));
      CHECK(rows.size() == (collective.may_be_in_place ? 6 : 3));
      for (const std::string& row : rows)
        CHECK_THAT(row, Catch::StartsWith(std::string(collective.name) + " " + ranks.back()) &&
                            Catch::EndsWith("wrong 0"));
    }
  }
}

TEST_CASE("Skewed and random matrices are right, and the table says which") {
  for (const std::string matrix : {"skewed", "random"}) {
    const std::string table =
        output_of(called("alltoallv_perf", {"-t", "3", "-b", "8", "-e", "8K", "-f", "32", "-n", "1",
                                            "--matrix", matrix, "--seed", "7", "--percentiles"}));
    CHECK_THAT(table, Catch::Contains("matrix " + matrix + ", seed 7") && Catch::Contains("p99") &&
                          Catch::Contains("Out of bounds values : 0 OK"));
  }
}

TEST_CASE("Option -r all takes every rank for the root in turn") {
  const std::string csv =
      output_of(called("broadcast_perf", {"-t", "3", "-b", "8", "-e", "8", "-n", "1", "-r", "all", "--csv"}));
  for (const std::string root : {"0", "1", "2"}) CHECK_THAT(csv, Catch::Contains(",none," + root + ",0,"));
}

TEST_CASE("Option --split measures several communicators at once, of processes and of threads") {
  for (const std::string kind : {"--ranks", "-g"}) {
    const auto document = nlohmann::json::parse(output_of(command(
        {"perf", "reduce_scatter", kind, "4", "--split", "2", "-b", "64", "-e", "64", "-n", "2", "--json"})));
    CHECK(document["communicators"] == 2);
    CHECK(document["ranks"] == 2);
    CHECK(document["results"].size() == 2);
    for (const auto& result : document["results"]) CHECK(result["wrong"] == 0);
  }
  const std::string table =
      output_of(command(perf({"-g", "4", "--split", "4", "-b", "8", "-e", "8", "-n", "1"})));
  CHECK_THAT(table, Catch::Contains("1 ranks") && Catch::Contains("4 communicators at once"));
}

TEST_CASE("Types and reductions have the names of nccl-tests, too") {
  for (const std::string type : {"int8", "uint8", "int32", "uint32", "int64", "uint64", "half", "float",
                                 "double", "bfloat16", "f8e4m3", "f8e5m2"})
    for (const std::string op : {"sum", "prod", "min", "max", "avg", "mulsum"}) {
      if (type != "float" && op != "sum") continue;
      INFO(type << " " << op);
      CHECK(rows_of(output_of(command(perf({"--threads", "2", "-b", "64", "-e", "64", "-n", "1", "-d", type,
                                            "-o", op, "--csv"}))))
                .size() == 2);
    }
}

TEST_CASE("What is not checked is not said to be right") {
  for (const std::string& row : rows_of(
           output_of(command(perf({"--ranks", "2", "-b", "8", "-e", "8", "-n", "1", "-c", "0", "--csv"})))))
    CHECK_THAT(row, Catch::EndsWith("wrong "));
}

TEST_CASE("The table has the columns of nccl-tests") {
  const auto lines = lines_of(output_of(command(perf({"--ranks", "2", "-b", "8", "-e", "8", "-n", "1"}))));
  const auto names =
      std::find_if(lines.begin(), lines.end(), [](auto& line) { return line.find("redop") != line.npos; });
  REQUIRE(names != lines.end());
  std::istringstream words(*names);
  std::vector<std::string> columns;
  for (std::string word; words >> word;) columns.push_back(word);
  CHECK(columns == std::vector<std::string>{"#", "size", "count", "type", "redop", "root", "time", "algbw",
                                            "busbw", "#wrong", "time", "algbw", "busbw", "#wrong"});
  CHECK(std::count_if(lines.begin(), lines.end(),
                      [](auto& line) { return line.find("float") != line.npos; }) == 1);
}

TEST_CASE("Option --json gives one document with the same numbers") {
  const auto document = nlohmann::json::parse(
      output_of(command(perf({"--ranks", "2", "-b", "8", "-e", "64", "-f", "8", "-n", "2", "--json"}))));
  CHECK(document["collective"] == "all_reduce");
  CHECK(document["ranks"] == 2);
  CHECK(document["iterations"] == 2);
  REQUIRE(document["results"].size() == 4);
  for (const auto& result : document["results"]) {
    CHECK(result["wrong"] == 0);
    CHECK(result["type"] == "float32");
    for (const char* name : {"time_us_min", "time_us_median", "time_us_p99", "algbw_GBps", "busbw_GBps"})
      CHECK(result[name].get<double>() > 0);
  }
  CHECK(document["results"][0]["inplace"] == false);
  CHECK(document["results"][1]["inplace"] == true);
}

TEST_CASE("Every algorithm may be asked for, and is right") {
  for (const std::string& line : lines_of(output_of(command({"plan", "list"})))) {
    std::istringstream words(line);
    std::string algorithm, collective;
    words >> algorithm >> collective;
    if (collective == "barrier") continue;
    INFO(line);
    const auto rows =
        rows_of(output_of(command({"perf", collective, "-g", "5", "-b", "4", "-e", "400K", "-f", "317", "-n",
                                   "1", "-w", "0", "--algo", algorithm, "--csv"})));
    CHECK(rows.size() >= 2);
    for (const std::string& row : rows) CHECK_THAT(row, Catch::EndsWith("wrong 0"));
  }
}

const std::vector<std::string> small{"-b", "8", "-e", "8", "-n", "2", "--csv"};

TEST_CASE("Under bccl run the processes join as ranks, and rank 0 reports") {
  auto arguments = perf(small);
  arguments.insert(arguments.begin(), {"run", "-n", "3", "--", BCCL_COMMAND});
  CHECK(rows_of(output_of(command(arguments))) ==
        std::vector<std::string>{"all_reduce 3 8 float32 sum 0 wrong 0",
                                 "all_reduce 3 8 float32 sum 1 wrong 0"});
}

/// Starts a rank a process, as the launcher whose variables these are would.
void check_launched(const std::vector<std::vector<std::string>>& environments) {
  std::vector<std::unique_ptr<Started>> ranks;
  for (const auto& environment : environments)
    ranks.push_back(std::make_unique<Started>(command(perf(small), environment)));
  for (size_t rank = 0; rank < ranks.size(); ++rank) {
    const Outcome outcome = ranks[rank]->end();
    INFO(outcome.errors);
    CHECK(outcome.status == 0);
    if (rank > 0) {
      CHECK(outcome.output.empty());
      continue;
    }
    const std::string begin = "all_reduce " + std::to_string(ranks.size()) + " 8 float32 sum ";
    CHECK(rows_of(outcome.output) == std::vector<std::string>{begin + "0 wrong 0", begin + "1 wrong 0"});
  }
}

TEST_CASE("With the variables of torchrun, Slurm and PMI the processes join as ranks") {
  const std::string job = std::to_string(getpid());  // other jobs of this machine have other ports
  std::vector<std::vector<std::string>> torchrun, slurm, pmi;
  for (const std::string rank : {"0", "1", "2"}) {
    torchrun.push_back({"RANK=" + rank, "WORLD_SIZE=3", "LOCAL_RANK=" + rank, "LOCAL_WORLD_SIZE=3",
                        "MASTER_ADDR=localhost", "MASTER_PORT=29500", "TORCHELASTIC_RUN_ID=" + job});
    slurm.push_back({"SLURM_PROCID=" + rank, "SLURM_NTASKS=3", "SLURM_STEP_NUM_TASKS=3",
                     "SLURM_LOCALID=" + rank, "SLURM_JOB_ID=" + job, "SLURM_STEP_ID=0", "SLURM_NNODES=1"});
    pmi.push_back({"PMI_RANK=" + rank, "PMI_SIZE=3", "PMI_JOBID=" + job, "MPI_LOCALRANKID=" + rank,
                   "MPI_LOCALNRANKS=3"});
  }
  check_launched(torchrun);
  check_launched(slurm);
  check_launched(pmi);
}

TEST_CASE("Under mpirun of Open MPI and of MPICH, two jobs at once, the processes join as ranks") {
  struct Launcher {
    std::string program;
    std::vector<std::string> options;
  };
  for (const Launcher& launcher :
       {Launcher{MPIRUN_OPENMPI, {"--oversubscribe"}}, Launcher{MPIRUN_MPICH, {}}}) {
    if (launcher.program.empty()) {
      FAIL_CHECK("mpirun.openmpi or mpirun.mpich is missing: scripts/install-deps installs them");
      continue;
    }
    const auto started = [&](Program benchmark) {
      benchmark.words.insert(benchmark.words.begin(), {"-n", "3"});
      benchmark.words.insert(benchmark.words.begin(), launcher.options.begin(), launcher.options.end());
      benchmark.words.insert(benchmark.words.begin(), launcher.program);
      benchmark.environment = {"OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1"};
      return benchmark;
    };
    const auto check = [](Started& job, const std::vector<std::string>& rows) {
      const Outcome outcome = job.end();
      INFO(outcome.errors);
      CHECK(outcome.status == 0);
      CHECK(rows_of(outcome.output) == rows);
    };
    INFO(launcher.program);
    Started one(started(command(perf(small)))),
        other(started(
            called("alltoallv_perf", {"-b", "600", "-e", "600", "-n", "2", "--matrix", "random", "--csv"})));
    check(one, {"all_reduce 3 8 float32 sum 0 wrong 0", "all_reduce 3 8 float32 sum 1 wrong 0"});
    check(other, {"all_to_all_v 3 600 float32 none 0 wrong 0"});
  }
}

TEST_CASE("Two jobs of a launcher that names neither do not meet each other") {
  // As MPICH starts its ranks, from one process, and with a script in between.
  const std::string ranks = "for rank in 0 1 2; do PMI_RANK=$rank PMI_SIZE=3 MPI_LOCALNRANKS=3 sh -c '" +
                            std::string(BCCL_COMMAND) +
                            " perf all_reduce -b 8 -e 8 -n 200 --csv; exit $?' & done; wait";
  std::vector<std::unique_ptr<Started>> jobs;
  for (int i = 0; i < 3; ++i) jobs.push_back(std::make_unique<Started>(Program{{"sh", "-c", ranks}}));
  for (const auto& job : jobs) {
    const Outcome outcome = job->end();
    INFO(outcome.errors);
    CHECK(outcome.errors.empty());
    CHECK(rows_of(outcome.output) == std::vector<std::string>{"all_reduce 3 8 float32 sum 0 wrong 0",
                                                              "all_reduce 3 8 float32 sum 1 wrong 0"});
  }
}

TEST_CASE("A rank that fails ends the benchmark with its status and a sentence") {
  const Outcome outcome =
      outcome_of(command(perf({"--ranks", "2", "-b", "8", "-e", "8", "--csv"}), {"BCCL_ALGO=rings"}));
  CHECK(outcome.status == 1);
  CHECK_THAT(outcome.errors, Catch::Contains("BCCL_ALGO=rings"));
}

TEST_CASE("bccl perf refuses what it does not understand, by name and with status 2") {
  struct Case {
    std::vector<std::string> arguments;
    std::string words;
    std::vector<std::string> environment{};
  };
  for (const Case& bad :
       {Case{{"perf"}, "collective"},
        Case{{"perf", "all_reduces", "--ranks", "2"}, "'all_reduces'"},
        Case{{"perf", "broadcast", "--ranks", "2", "-r", "2"}, "--root: 2 is not one of 2 ranks"},
        Case{{"perf", "broadcast", "--ranks", "2", "-r", "one"}, "--root: 'one' is not a rank"},
        Case{perf({"--ranks", "3", "--split", "2"}),
             "--split: 3 ranks do not make 2 communicators of one size"},
        Case{{"perf", "broadcast", "--ranks", "4", "--split", "2", "-r", "2"},
             "--root: 2 is not one of 2 ranks"},
        Case{{"perf", "sendrecv", "--ranks", "2", "--algo", "ring"}, "not an algorithm of sendrecv"},
        Case{perf({"--ranks", "2", "--matrix", "random"}), "all_reduce has no matrix"},
        Case{{"perf", "alltoallv", "--ranks", "2", "--matrix", "even"}, "--matrix: 'even'"},
        Case{perf({"--ranks", "2", "-m", "5"}), "--agg_iters: '5' is not possible"},
        Case{perf({"-g", "2", "-G", "1"}), "--cudagraph: '1' is not possible"},
        Case{perf({"-g", "2", "-t", "1024"}), "2048 ranks in one process are too many"},
        Case{perf({"-g", "2"}), "torchrun has started a process a rank", {"RANK=0", "WORLD_SIZE=2"}},
        Case{perf({}), "--ranks"},
        Case{perf({"--ranks", "0"}), "--ranks: '0'"},
        Case{perf({"--ranks", "-3"}), "'-3'"},
        Case{perf({"--ranks", "2", "-b", "big"}), "--minbytes: 'big'"},
        Case{perf({"--ranks", "2", "-b", "0"}), "--minbytes: '0'"},
        Case{perf({"--ranks", "2", "-b", "8", "-e", "4"}), "-e: 4 bytes are less than the smallest size, 8"},
        Case{perf({"--ranks", "2", "-f", "1"}), "--stepfactor: '1'"},
        Case{perf({"--ranks", "2", "-f", "2", "-i", "8"}), "--stepbytes"},
        Case{perf({"--ranks", "2", "-d", "float128"}), "'float128' is not a type: give int8"},
        Case{perf({"--ranks", "2", "-o", "xor"}), "'xor' is not a reduction: give sum"},
        Case{perf({"--ranks", "2", "-n", "0"}), "--iters: '0'"},
        Case{perf({"--ranks", "2", "-w", "-1"}), "'-1'"},
        Case{perf({"--ranks", "2", "-c", "2"}), "--check: '2'"},
        Case{perf({"--ranks", "2", "--algo", "rings"}), "'rings' is not an algorithm"},
        Case{perf({"--ranks", "2", "--csv", "--json"}), "--json"},
        Case{perf({"--ranks", "2", "--threads", "2"}), "--threads"},
        Case{perf({"--ranks", "2", "--no-such"}), "--no-such"},
        Case{perf({"--ranks", "3"}), "has started 2", {"RANK=0", "WORLD_SIZE=2"}}}) {
    const Outcome outcome = outcome_of(command(bad.arguments, bad.environment));
    INFO(outcome.errors);
    CHECK(outcome.status == 2);
    CHECK(outcome.output.empty());
    CHECK_THAT(outcome.errors, Catch::StartsWith("bccl perf: ") && Catch::Contains(bad.words));
  }
}

TEST_CASE("A damaged launcher's environment is refused by name") {
  const Outcome outcome = outcome_of(command(perf(small), {"RANK=4", "WORLD_SIZE=2"}));
  CHECK(outcome.status != 0);
  CHECK_THAT(outcome.errors, Catch::Contains("RANK=4 contradicts WORLD_SIZE=2"));
}

}  // namespace
}  // namespace bccl::test
