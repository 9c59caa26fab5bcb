#include "tools/bccl/perf/report.h"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include <catch2/catch.hpp>

namespace bccl::tool {
namespace {

std::string reported(Format format, const Row& row) {
  PerfOptions options;
  options.collective = find_measured("all_reduce");
  options.format = format;
  char* text = nullptr;
  size_t bytes = 0;
  std::FILE* file = open_memstream(&text, &bytes);
  {
    const std::unique_ptr<Report> report = make_report(options, 4, file);
    report->begin();
    report->row(row);
    report->end();
  }
  std::fclose(file);
  const std::string result(text, bytes);
  std::free(text);
  return result;
}

Row sample_row() {
  return {.bytes = 4000,
          .count = 1000,
          .op = ReduceOp::sum,
          .bus_factor = 1.5,
          .out_of_place = {1.5, 2, 2.25, 2.5, 0},
          .in_place = Measurement{3, 4, 4.5, 5, 7}};
}

}  // namespace

TEST_CASE("CSV has a line for each placement") {
  CHECK(reported(Format::csv, sample_row()) ==
        "collective,ranks,bytes,type,op,root,inplace,time_us_min,time_us_median,time_us_p95,time_us_p99,"
        "algbw_GBps,busbw_GBps,wrong\n"
        "all_reduce,4,4000,float32,sum,-1,0,1.500,2.000,2.250,2.500,2.0000,3.0000,0\n"
        "all_reduce,4,4000,float32,sum,-1,1,3.000,4.000,4.500,5.000,1.0000,1.5000,7\n");
}

TEST_CASE("the table says that elements were wrong") {
  const std::string table = reported(Format::table, sample_row());
  CHECK_THAT(table, Catch::Contains("Out of bounds values : 7 FAILED"));
  CHECK_THAT(table, Catch::Contains("Avg bus bandwidth    : 2.25"));
}

TEST_CASE("what was not checked is not called right") {
  Row row = sample_row();
  row.out_of_place.wrong = row.in_place->wrong = -1;
  CHECK_THAT(reported(Format::table, row), Catch::Contains("N/A not checked"));
  CHECK_THAT(reported(Format::csv, row), Catch::Contains("3.0000,\n"));
  CHECK_THAT(reported(Format::json, row), Catch::Contains("\"wrong\": null"));
}

TEST_CASE("what has no form in place, no reduction and no root is shown so") {
  Row row = sample_row();
  row.in_place.reset();
  row.op.reset();
  CHECK_THAT(reported(Format::table, row), Catch::Contains("none      -1") && Catch::Contains("N/A"));
  CHECK_THAT(reported(Format::csv, row), Catch::Contains(",none,-1,0,") && !Catch::Contains(",none,-1,1,"));
  CHECK_THAT(reported(Format::json, row),
             Catch::Contains("\"root\": null") && !Catch::Contains("\"inplace\": true"));
}

}  // namespace bccl::tool
