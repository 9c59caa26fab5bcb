// `bccl info`: what the library sees of this machine and its environment.

#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/settings.h"
#include "bccl/bccl.h"
#include "kernels/pass.h"
#include "tools/bccl/commands.h"
#include "tools/bccl/info_settings.h"
#include "tools/bccl/info_topology.h"
#include "topology/discovery.h"
#include "transport/shm/endpoint.h"

namespace bccl::tool {
namespace {

using Json = nlohmann::ordered_json;

/// Shared memory that each rank of a communicator on this host sets aside; pages are taken when first used.
struct MemoryRow {
  int ranks;
  size_t bytes_a_rank;
};

struct Facts {
  Topology machine;
  std::vector<std::string_view> isas;
  std::string_view isa_in_use;
  std::vector<MemoryRow> memory;
  std::vector<SettingRow> settings;
  std::string refusal;  ///< Why the library would refuse to start with these settings, if it would.
  std::vector<std::string> warnings;
};

Result<Facts> gather() {
  Facts facts;
  const Result<GivenSettings> in_files = given_to_process(environ);
  const GivenSettings given = in_files.ok() ? in_files.value() : given_in_environment(environ);
  const Result<Settings> read = read_settings(given);
  const Settings settings = read.ok() ? read.value() : Settings{};
  facts.refusal = in_files.ok() ? read.sentence() : in_files.sentence();
  facts.machine = *BCCL_TRY(this_machine());
  for (Isa isa : {Isa::scalar, Isa::avx2, Isa::avx512, Isa::avx512_bf16})
    if (supported(isa)) facts.isas.push_back(name_of(isa));
  facts.isa_in_use = name_of(best_isa(settings.kernels));
  const shm::Options options{static_cast<size_t>(settings.pool_bytes), settings.stores};
  for (int ranks : {2, 4, 8, 16}) facts.memory.push_back({ranks, shm::arena_bytes(ranks, options)});
  facts.settings = describe_settings(given);
  facts.warnings = setting_warnings(given);
  return facts;
}

void print_text(const Facts& facts) {
  const Topology& machine = facts.machine;
  fmt::print("bccl {}.{}.{}\n\n", BCCL_MAJOR, BCCL_MINOR, BCCL_PATCH);
  fmt::print("machine     {}: {}\n", machine.host_name, machine.processor);
  fmt::print("            {} cores in use, {} packages, {} NUMA nodes, {} MiB memory\n",
             processors_of(machine), machine.packages, machine.numa_nodes.size(), machine.memory_bytes >> 20);
  fmt::print("            L2 {} KiB a core, L3 {} KiB × {}\n", machine.l2_bytes >> 10, machine.l3_bytes >> 10,
             machine.l3_count);
  fmt::print("transports  shm (ranks on this host)\n");
  fmt::print("kernels     {} (this processor has {})\n", facts.isa_in_use, fmt::join(facts.isas, ", "));
  fmt::print("memory      shared staging set aside by each rank of a communicator, taken as it is used:\n");
  for (const MemoryRow& row : facts.memory)
    fmt::print("            {:>4} ranks: {:.1f} MiB\n", row.ranks,
               static_cast<double>(row.bytes_a_rank) / (1 << 20));
  fmt::print("\n{:<24}{:<14}{:<13}{}\n", "setting", "value", "origin", "meaning");
  for (const SettingRow& row : facts.settings)
    fmt::print("{:<24}{:<14}{:<13}{}\n", row.name, row.value.empty() ? "-" : row.value, row.origin,
               fmt::format("{} Allowed: {}.", row.meaning, row.allowed));
}

void print_json(const Facts& facts) {
  const Topology& machine = facts.machine;
  Json document;
  document["bccl"] = fmt::format("{}.{}.{}", BCCL_MAJOR, BCCL_MINOR, BCCL_PATCH);
  document["machine"] = {{"host", machine.host_name},
                         {"processor", machine.processor},
                         {"cores", processors_of(machine)},
                         {"packages", machine.packages},
                         {"numa_nodes", machine.numa_nodes.size()},
                         {"l2_bytes", machine.l2_bytes},
                         {"l3_bytes", machine.l3_bytes},
                         {"l3_count", machine.l3_count},
                         {"memory_bytes", machine.memory_bytes}};
  document["transports"] = {"shm"};
  document["kernels"] = {{"in_use", facts.isa_in_use}, {"supported", facts.isas}};
  for (const MemoryRow& row : facts.memory)
    document["memory"].push_back({{"ranks", row.ranks}, {"bytes_a_rank", row.bytes_a_rank}});
  document["settings"] = settings_json(facts.settings);
  if (!facts.refusal.empty()) document["refusal"] = facts.refusal;
  document["warnings"] = facts.warnings;
  fmt::print("{}\n", document.dump(2));
}

int info(bool json) {
  const Result<Facts> facts = gather();
  if (!facts.ok()) return complain("bccl info", facts.sentence());
  json ? print_json(facts.value()) : print_text(facts.value());
  for (const std::string& warning : facts.value().warnings) complain("bccl info", warning);
  if (!facts.value().refusal.empty()) return complain("bccl info", facts.value().refusal, exit_bad_usage);
  return 0;
}

}  // namespace

void add_info_command(CLI::App& app, Invocation& invocation) {
  struct Options {
    bool json = false;
    bool topology = false;
    bool settings = false;
    bool markdown = false;
    std::string xml;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("info", "Show the version, the machine as seen, and every setting with its origin.");
  CLI::Option* json = command->add_flag("--json", options->json, "Write JSON");
  CLI::Option* topology =
      command->add_flag("--topology", options->topology,
                        "Show instead the cores, caches, memory, devices and NICs, and what is near what");
  command->add_option("--xml", options->xml, "Of the machine in this hwloc XML file")->needs(topology);
  CLI::Option* settings =
      command->add_flag("--settings", options->settings, "Show instead all that is known of every setting");
  settings->excludes(topology);
  command->add_flag("--markdown", options->markdown, "Write the page about them, docs/settings.md")
      ->needs(settings)
      ->excludes(json);
  command->callback([options, &invocation] {
    if (options->settings)
      invocation.exit_status = show_settings(options->markdown ? SettingsForm::markdown
                                             : options->json   ? SettingsForm::json
                                                               : SettingsForm::text);
    else
      invocation.exit_status =
          options->topology ? show_topology(options->xml, options->json) : info(options->json);
  });
}

}  // namespace bccl::tool
