#include "tools/bccl/plan_explain.h"

#include <cstdio>
#include <memory>

#include <unistd.h>

#include "base/settings_registry.h"
#include "tools/bccl/add_value.h"
#include "tools/bccl/option_values.h"
#include "tools/bccl/plan_shape.h"
#include "topology/binding.h"
#include "topology/cluster.h"
#include "topology/discovery.h"
#include "tuner/choice.h"
#include "tuner/prices.h"
#include "tuner/tuning_table.h"

namespace bccl::tool {
namespace {

constexpr const char* about =
    "Say what would be chosen for a call, and the times of the alternatives.\n"
    "Times come from the cost model or, with --table, from what `bccl tune` measured. Cores and caches are this machine's, or,\n"
    "with --machine, those of any other, on which ranks are then bound to cores as by `bccl run --bind core`.";

constexpr size_t slice_bytes_max = 64 << 10;  ///< Of shared memory and, beside it, TCP.
constexpr int lanes_max = 15;

struct ExplainRequest {
  Collective collective = Collective::all_reduce;
  size_t bytes = 0;
  int ranks = 0;
  int root = 0;
  int cores = 0;  ///< Of a host; 0: as many as here.
  bool near = false;
  std::vector<std::string> hosts;
  std::string machine;
  LinkTerms link;
  std::string table;
  Settings settings;
};

Result<Topology> machine_of(const ExplainRequest& request) {
  if (request.machine.empty()) return *BCCL_TRY(this_machine());
  const bool is_file = access(request.machine.c_str(), R_OK) == 0;
  return is_file ? topology_from_xml(request.machine) : topology_from_synthetic(request.machine);
}

/// By rank. Nobody is bound where no machine was given.
std::vector<Location> locations_of(const ExplainRequest& request, const Topology& machine, const std::vector<int>& hosts) {
  std::vector<Location> locations(hosts.size());
  if (request.machine.empty()) return locations;
  const std::vector<int> processors = binding_order(machine);
  std::vector<size_t> ranks_on(hosts.size(), 0);
  for (size_t rank = 0; rank < hosts.size(); ++rank) {
    const size_t at = ranks_on[static_cast<size_t>(hosts[rank])]++ % processors.size();
    locations[rank] = location_of(machine, std::span(&processors[at], 1));
  }
  return locations;
}

Result<Facts> facts_of(const ExplainRequest& request) {
  const Topology machine = BCCL_TRY(machine_of(request));
  const Shape shape = BCCL_TRY(make_shape(request.ranks, 1, request.hosts));
  Facts facts{.ranks = shape.ranks,
              .near = request.near,
              .l3_bytes = machine.l3_bytes,
              .slice_bytes_max = slice_bytes_max,
              .lanes_max = lanes_max};
  if (!shape.groups.empty()) facts.hosts = shape.groups.front();
  const std::vector<int> hosts = facts.hosts.empty() ? std::vector<int>(static_cast<size_t>(shape.ranks), 0) : facts.hosts;
  const Cluster cluster = make_cluster(hosts, locations_of(request, machine, hosts));
  facts.groups = groups_of(cluster, hierarchy_named(request.settings.hierarchy));
  facts.l3s = l3_of_ranks(cluster);
  facts.link = request.link;
  facts.cores = (request.cores > 0 ? request.cores : static_cast<int>(machine.cores.size())) * facts.host_count();
  if (!request.table.empty())
    facts.table = std::make_shared<const TuningTable>(BCCL_TRY(read_tuning_table(request.table)));
  return facts;
}

const char* word_for(Candidate::Basis basis) {
  switch (basis) {
    case Candidate::Basis::measured: return "measured";
    case Candidate::Basis::predicted: return "predicted";
    case Candidate::Basis::rule: return "by rule";
  }
  return "";
}

void print_choice(const ExplainRequest& request, const Facts& facts, const Choice& choice) {
  fmt::print("{} of {} bytes, {} ranks on {}: {}\n", name_of(request.collective), request.bytes, facts.ranks,
             facts.host_count() == 1 ? "one host" : fmt::format("{} hosts", facts.host_count()), choice.algorithm->name);
  fmt::print("slices of {} bytes at most, {} {} a channel\n", choice.slice_bytes, choice.lanes,
             choice.lanes == 1 ? "lane" : "lanes");
  if (facts.host_count() > 1)
    fmt::print("links between hosts take {}, {}\n", link_terms_text(link_terms(facts)),
               facts.link.known() ? "as given" : "as assumed");
  if (!facts.groups.empty()) fmt::print("groups that algorithms know of: {}\n", describe_groups(facts.groups));
}

void print_candidates(const std::vector<Candidate>& known) {
  for (const Candidate& candidate : known) {
    if (candidate.basis == Candidate::Basis::rule)
      fmt::print("  {:<20} {:>23}\n", candidate.choice.algorithm->name, word_for(candidate.basis));
    else
      fmt::print("  {:<20} {:>11.2f} us {:>9} {:>6.2f} x\n", candidate.choice.algorithm->name, candidate.ns / 1e3,
                 word_for(candidate.basis), candidate.ns / known.front().ns);
  }
}

Result<int> explain(const ExplainRequest& request) {
  const Facts facts = BCCL_TRY(facts_of(request));
  if (request.root >= facts.ranks)
    return fail(Code::invalid_argument, "--root: {} is not one of {} ranks", request.root, facts.ranks);
  if (facts.ranks == 1) {
    fmt::print("one rank alone copies; nothing is chosen\n");
    return 0;
  }
  const std::vector<Candidate> known = BCCL_TRY(candidates(
      {.collective = request.collective, .bytes = request.bytes, .root = request.root}, facts, request.settings));
  print_choice(request, facts, known.front().choice);
  print_candidates(known);
  return 0;
}

}  // namespace

void add_explain_action(CLI::App& plan, Invocation& invocation) {
  auto request = std::make_shared<ExplainRequest>();
  CLI::App* command = plan.add_subcommand("explain", about);
  add_value(*command, "collective", request->collective, collective_value, "Such as all_reduce")->required();
  add_value(*command, "--bytes", request->bytes, bytes_value, "Of the larger of a rank's two buffers")->required();
  add_value(*command, "--ranks", request->ranks, whole_number(1, 1024), "How many ranks");
  command->add_option("--hosts", request->hosts, "Ranks of each host, such as 4,4 (default: one host)")
      ->expected(1)
      ->allow_extra_args(false);
  add_value(*command, "--link", request->link, parse_link_terms, "Between hosts, as BCCL_LINK: 10us,25Gbit/s");
  add_value(*command, "--root", request->root, whole_number(0, 1023), "The root of a collective that has one");
  add_value(*command, "--cores", request->cores, whole_number(1, 1 << 16), "Of a host (default: this machine's)");
  command->add_flag("--near", request->near, "The cores share a cache");
  command->add_option("--table", request->table, "A table that `bccl tune` has written");
  command->add_option("--machine", request->machine,
                      "Each host's: an hwloc XML file, or an hwloc description such as \"package:2 l3:2 core:8 pu:1\"");
  command->add_option("--algo", request->settings.algorithm, "As BCCL_ALGO");
  command->add_option_function<std::string>(
      "--hierarchy",
      [request](const std::string& text) {
        const SettingRule& rule = *find_setting("BCCL_HIERARCHY");
        if (!rule.read(text, request->settings))
          throw CLI::ValidationError("--hierarchy", fmt::format("'{}' is not {}", text, rule.allowed()));
      },
      "As BCCL_HIERARCHY");
  command->callback([request, &invocation] {
    const Result<int> status = explain(*request);
    invocation.exit_status =
        status.ok() ? status.value() : complain("bccl plan explain", status.sentence(), exit_bad_usage);
  });
}

}  // namespace bccl::tool
