// `bccl plan`: what the algorithms do, as text and pictures, and the proof that it is right.

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <span>
#include <sstream>

#include <fmt/ranges.h>

#include "algos/catalogue.h"
#include "plan/draw.h"
#include "plan/text.h"
#include "plan/verify.h"
#include "plan/wiring.h"
#include "tools/bccl/add_value.h"
#include "tools/bccl/commands.h"
#include "tools/bccl/option_values.h"
#include "tools/bccl/plan_explain.h"
#include "tools/bccl/plan_shape.h"

namespace bccl::tool {
namespace {

struct PlanRequest {
  std::string algorithm;  ///< Empty: all of them.
  std::optional<Collective> collective;
  int ranks = 0;
  int root = 0;
  int channels = 1;
  std::vector<std::string> groups;
  int rank = -1;  ///< -1: all.
  std::string svg_path;
  std::string file;
};

std::span<const Algorithm> algorithms_of(const PlanRequest& request) {
  return request.collective ? algorithms(*request.collective) : algorithms();
}

/// Without a collective, the first that has an algorithm of this name.
Result<const Algorithm*> algorithm_of(const PlanRequest& request) {
  const std::span<const Algorithm> list = algorithms_of(request);
  const auto found = std::ranges::find(list, request.algorithm, &Algorithm::name);
  if (found != list.end()) return &*found;
  std::vector<std::string_view> names;
  for (const Algorithm& algorithm : list)
    if (std::ranges::find(names, algorithm.name) == names.end()) names.push_back(algorithm.name);
  return fail(Code::invalid_argument, "'{}' is not an algorithm{}: give one of {}", request.algorithm,
              request.collective ? fmt::format(" for {}", name_of(*request.collective)) : "", fmt::join(names, ", "));
}

Result<Shape> shape_of(const PlanRequest& request) {
  Shape shape = BCCL_TRY(make_shape(request.ranks, request.channels, request.groups));
  if (request.root >= shape.ranks)
    return fail(Code::invalid_argument, "--root: {} is not one of {} ranks, 0 to {}", request.root, shape.ranks,
                shape.ranks - 1);
  shape.root = request.root;
  return shape;
}

Result<std::string> read_text(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return fail(Code::invalid_argument, "--file: cannot read '{}'", path);
  return text.str();
}

Result<int> list(const PlanRequest& request) {
  for (const Algorithm& algorithm : algorithms_of(request))
    fmt::print("{:<22} {:<15} {}\n", algorithm.name, name_of(algorithm.collective), algorithm.summary);
  return 0;
}

Result<int> show(const PlanRequest& request) {
  const Shape shape = BCCL_TRY(shape_of(request));
  if (request.rank >= shape.ranks)
    return fail(Code::invalid_argument, "--rank: {} is not one of {} ranks, 0 to {}", request.rank,
                shape.ranks, shape.ranks - 1);
  const Algorithm& algorithm = *BCCL_TRY(algorithm_of(request));
  const bool all = request.rank < 0;
  fmt::print("{}", all ? print(build_all(algorithm, shape)) : print(algorithm.build(shape, request.rank)));
  return 0;
}

Result<int> draw(const PlanRequest& request) {
  const Shape shape = BCCL_TRY(shape_of(request));
  const Algorithm& algorithm = *BCCL_TRY(algorithm_of(request));
  const std::vector<Plan> plans = build_all(algorithm, shape);
  if (request.svg_path.empty()) {
    fmt::print("{}", draw_ascii(plans));
    return 0;
  }
  std::ofstream file(request.svg_path);
  file << draw_svg(plans) << std::flush;
  if (!file) return fail(Code::invalid_argument, "--svg: cannot write '{}'", request.svg_path);
  return 0;
}

/// 0, or 1 with the verifier's sentence on stderr.
int judge(const std::string& what, const std::vector<Plan>& plans) {
  if (Status status = verify(plans); !status.ok()) return complain("bccl plan verify", status.sentence());
  fmt::print("{}: right\n", what);
  return 0;
}

Result<int> verify_file(const PlanRequest& request) {
  const std::string text = BCCL_TRY(read_text(request.file));
  const Result<std::vector<Plan>> plans = parse_plans(text);
  if (!plans.ok()) return complain("bccl plan verify", fmt::format("{}: {}", request.file, plans.sentence()));
  return judge(request.file, plans.value());
}

Result<int> verify_algorithms(const PlanRequest& request) {
  const Shape shape = BCCL_TRY(shape_of(request));
  const auto judge_one = [&](const Algorithm& algorithm) {
    const std::vector<Plan> plans = build_all(algorithm, shape);
    return judge(title_of(plans[0]), plans);
  };
  if (!request.algorithm.empty()) return judge_one(*BCCL_TRY(algorithm_of(request)));
  int status = 0;
  for (const Algorithm& algorithm : algorithms_of(request)) status |= judge_one(algorithm);
  return status;
}

Result<int> verify_request(const PlanRequest& request) {
  return request.file.empty() ? verify_algorithms(request) : verify_file(request);
}

void add_collective_option(CLI::App& command, PlanRequest& request) {
  add_value(command, "--collective", request.collective, collective_value,
            "Such as all_gather; default: all, or the first that has the algorithm");
}

void add_shape_options(CLI::App& command, PlanRequest& request) {
  add_value(command, "--ranks", request.ranks, whole_number(1, 1024), "How many ranks");
  add_value(command, "--channels", request.channels, whole_number(1, 64),
            "Parallel copies, where an algorithm has them");
  add_value(command, "--root", request.root, whole_number(0, 1023), "The root of a collective that has one");
  command
      .add_option("--groups", request.groups,
                  "Sizes of groups of ranks, such as 4,4; again for each level outwards")
      ->allow_extra_args(false);
}

using Action = Result<int> (*)(const PlanRequest&);

CLI::App* add_action(CLI::App& plan, const char* name, const char* meaning, Action action,
                     Invocation& invocation) {
  auto request = std::make_shared<PlanRequest>();
  CLI::App* command = plan.add_subcommand(name, meaning);
  add_collective_option(*command, *request);
  if (action != list) {
    command->add_option("algorithm", request->algorithm, "A name from bccl plan list")
        ->required(action != verify_request);
    add_shape_options(*command, *request);
  }
  if (action == show)
    add_value(*command, "--rank", request->rank, whole_number(0, 1023), "Only this rank's plan");
  if (action == draw) command->add_option("--svg", request->svg_path, "Write an SVG picture to this file");
  if (action == verify_request)
    command->add_option("--file", request->file, "Verify the plans in this file, as `show` prints them");
  command->callback([request, action, name, &invocation] {
    const Result<int> status = action(*request);
    invocation.exit_status =
        status.ok() ? status.value()
                    : complain(fmt::format("bccl plan {}", name), status.sentence(), exit_bad_usage);
  });
  return command;
}

}  // namespace

void add_plan_command(CLI::App& app, Invocation& invocation) {
  CLI::App* plan = app.add_subcommand("plan", "Show, draw and verify what the algorithms do.");
  plan->require_subcommand(1);
  add_action(*plan, "list", "One algorithm a line", list, invocation);
  add_action(*plan, "show", "Print the plans of all ranks, or of one", show, invocation);
  add_action(*plan, "draw", "Draw the plans of all ranks", draw, invocation);
  add_action(*plan, "verify", "Prove plans right: of one algorithm, of all, or of a file", verify_request,
             invocation);
  add_explain_action(*plan, invocation);
}

}  // namespace bccl::tool
