/// How a communicator is made: its ranks agree, find out who shares a host, and connect.
#include <algorithm>
#include <cstring>

#include <fmt/ranges.h>

#include "base/log.h"
#include "comm/agreement.h"
#include "comm/communicator.h"
#include "comm/link_trial.h"
#include "comm/placement.h"
#include "node/fork.h"
#include "topology/cluster.h"
#include "transport/routed/endpoint.h"
#include "transport/shm/endpoint.h"
#include "transport/tcp/endpoint.h"
#include "tuner/tuning_table.h"

namespace bccl {
namespace {

constexpr int measure_patience_ms = 200;

/// What each rank finds out when it has connected, and all must know. Travels as it lies in memory.
struct OwnFacts {
  uint32_t cores = 0;
  uint32_t near = 0;  ///< To the ranks beside it.
  int32_t lanes = 0;
  uint32_t weight = 1;
  uint64_t l3_bytes = 0;
  uint64_t slice_bytes_max = 0;
  uint64_t table_digest = 0;  ///< 0: it has no tuning table.
  Location location;          ///< On its host …
  uint64_t machine = 0;       ///< … as it knows it: digest_of_cores().
  LinkTerms link;             ///< As it has measured.
};

Result<std::vector<OwnFacts>> gather(Exchange& exchange, const OwnFacts& mine, Deadline deadline) {
  const std::string bytes(reinterpret_cast<const char*>(&mine), sizeof mine);
  const std::vector<std::string> all = BCCL_TRY(exchange.all_gather(bytes, deadline));
  std::vector<OwnFacts> facts(all.size());
  for (size_t rank = 0; rank < all.size(); ++rank) {
    if (all[rank].size() != sizeof mine)
      return fail(Code::internal_error, "rank {} told {} bytes of facts", rank, all[rank].size());
    std::memcpy(&facts[rank], all[rank].data(), sizeof mine);
  }
  return facts;
}

/// What BCCL_TUNING_FILE names, or null.
Result<std::shared_ptr<const TuningTable>> tuning_table(const Settings& settings) {
  if (settings.tuning_file.empty()) return std::shared_ptr<const TuningTable>();
  return std::make_shared<const TuningTable>(BCCL_TRY(read_tuning_table(settings.tuning_file)));
}

/// Those that would choose otherwise than rank 0, by another tuning table, are told apart here.
Status check_tables(const std::vector<OwnFacts>& all) {
  std::vector<size_t> others;
  for (size_t rank = 1; rank < all.size(); ++rank)
    if (all[rank].table_digest != all[0].table_digest) others.push_back(rank);
  if (others.empty()) return {};
  return fail(Code::invalid_usage,
              "the ranks have different tuning tables: BCCL_TUNING_FILE must name a file of the same contents on all; "
              "different from rank 0: {} {}",
              others.size() == 1 ? "rank" : "ranks", fmt::join(others, ", "));
}

/// Empty where all have the same.
Result<std::vector<uint32_t>> weights_of(const std::vector<OwnFacts>& all) {
  std::vector<uint32_t> weights;
  for (const OwnFacts& one : all) weights.push_back(one.weight);
  const auto [least, most] = std::ranges::minmax(weights);
  if (most == 0) return fail(Code::invalid_usage, "BCCL_WEIGHT is 0 on all ranks; give at least one a share of the work");
  if (least == most) weights.clear();
  return weights;
}

/// The same value on all ranks: what each can do at least, and the cores of all machines.
Facts conclude(const std::vector<OwnFacts>& all, const Node& node, Hierarchy hierarchy) {
  const Groups& groups = node.groups();
  const Groups& machines = node.machines();
  Facts facts{.ranks = groups.ranks(),
              .cores = 0,
              .near = groups.count() == 1,
              .l3_bytes = all.front().l3_bytes,
              .slice_bytes_max = all.front().slice_bytes_max,
              .lanes_max = all.front().lanes};
  for (const OwnFacts& one : all) {
    facts.near = facts.near && one.near != 0;
    facts.l3_bytes = std::min<size_t>(facts.l3_bytes, one.l3_bytes);
    facts.slice_bytes_max = std::min<size_t>(facts.slice_bytes_max, one.slice_bytes_max);
    facts.lanes_max = std::min(facts.lanes_max, one.lanes);
    facts.measured_link = slowest(facts.measured_link, one.link);
  }
  --facts.lanes_max;  // the last one is for messages
  for (int machine = 0; machine < machines.count(); ++machine)
    facts.cores += static_cast<int>(all[static_cast<size_t>(machines.leader(machine))].cores);
  if (groups.count() > 1) facts.hosts = groups.by_rank();
  if (machines.count() < groups.count()) facts.machines = machines.by_rank();
  std::vector<Location> locations;
  std::vector<uint64_t> views;
  for (const OwnFacts& one : all) {
    locations.push_back(one.location);
    views.push_back(one.machine);
  }
  const Cluster cluster = make_cluster(groups.by_rank(), std::move(locations), views);
  facts.groups = groups_of(cluster, hierarchy);
  facts.l3s = l3_of_ranks(cluster);
  return facts;
}

/// To the ranks of other hosts by TCP; `near`: to those of this host, if there are any.
Result<std::unique_ptr<Endpoint>> connect_hosts(Exchange& exchange, const Node& node, std::unique_ptr<Endpoint> near,
                                                const Settings& settings, Deadline deadline) {
  std::vector<int> elsewhere;
  std::vector<bool> is_here;
  for (int rank = 0; rank < node.ranks(); ++rank) {
    is_here.push_back(node.is_here(rank));
    if (!node.is_here(rank)) elsewhere.push_back(rank);
  }
  std::unique_ptr<Endpoint> far =
      BCCL_TRY(tcp::TcpEndpoint::open(exchange, elsewhere, tcp::options_from(settings), deadline));
  if (node.ranks_here().size() == 1) return far;
  return std::unique_ptr<Endpoint>(
      std::make_unique<RoutedEndpoint>(std::move(near), std::move(far), std::move(is_here)));
}

/// On one machine there is no link; where the user says what links take, or that they are not to be measured, none of them
/// is.
Result<LinkTerms> own_links(Endpoint& endpoint, const Node& node, const Settings& settings, Deadline deadline) {
  if (node.machines().count() == 1 || settings.link != "measured") return LinkTerms{};
  return measure_links(endpoint, node.groups(), node.machines(), node.rank(), deadline);
}

/// What BCCL_LINK says in numbers, if it does.
LinkTerms given_link(const Settings& settings) {
  const Result<LinkTerms> terms = parse_link_terms(settings.link);
  return terms.ok() ? terms.value() : LinkTerms{};
}

}  // namespace

Status Communicator::connect(Exchange& exchange, Deadline deadline, const Decorate& decorate) {
  const std::shared_ptr<const TuningTable> table = BCCL_TRY(tuning_table(settings_));
  BCCL_TRY(agree_on_settings(exchange, settings_, deadline));
  const Whereabouts here = BCCL_TRY(find_whereabouts(pose_));
  const shm::Options options{.pool_bytes = static_cast<size_t>(settings_.pool_bytes), .stores = settings_.stores};
  const auto arena_bytes = [&](int ranks_here) { return shm::arena_bytes(ranks_here, options); };
  node_ = BCCL_TRY(Node::join(exchange, arena_bytes, deadline,
                               {.identity = {.host = pose_.host, .alone = settings_.shared_memory == "off"},
                                .memory_node = memory_node_for(here, settings_)}));
  auto near = std::make_unique<shm::ShmEndpoint>(*node_, options);
  if (pose_.host.empty()) near->measure_distance(measure_patience_ms);  // hosts made of one take its cores from each other
  const bool is_near = near->distance() == shm::Distance::near;
  endpoint_ = std::move(near);
  if (node_->spans_hosts()) {
    control_ = BCCL_TRY(control::Control::open(exchange, *node_, tcp::options_from(settings_), deadline));
    endpoint_ = BCCL_TRY(connect_hosts(exchange, *node_, std::move(endpoint_), settings_, deadline));
  }
  wait_kind_ = bccl::wait_kind(*node_, settings_.wait);
  const LinkTerms link = BCCL_TRY(own_links(*endpoint_, *node_, settings_, deadline));
  const OwnFacts mine{.cores = static_cast<uint32_t>(node_->cores()),
                      .near = is_near ? 1U : 0U,
                      .lanes = endpoint_->lanes(),
                      .weight = static_cast<uint32_t>(settings_.weight),
                      .l3_bytes = here.machine->l3_bytes,
                      .slice_bytes_max = endpoint_->slice_bytes_max(),
                      .table_digest = table ? table->digest() : 0,
                      .location = here.location,
                      .machine = digest_of_cores(*here.machine),
                      .link = link};
  const std::vector<OwnFacts> all = BCCL_TRY(gather(exchange, mine, deadline));
  BCCL_TRY(check_tables(all));
  facts_ = conclude(all, *node_, hierarchy_named(settings_.hierarchy));
  if (rank_ == 0 && !facts_.groups.empty())
    log(LogLevel::info, "{}algorithms know of groups: {}", title(), describe_groups(facts_.groups));
  facts_.table = table;
  facts_.link = given_link(settings_);
  if (facts_.measured_link.known() && rank_ == 0)
    log(LogLevel::info, "{}links between hosts: {}, measured", title(), link_terms_text(facts_.measured_link));
  facts_.weights = BCCL_TRY(weights_of(all));
  if (decorate) endpoint_ = decorate(std::move(endpoint_), rank_);
  return {};
}

Status Communicator::suspend() {
  if (endpoint_) BCCL_TRY(endpoint_->give_back_pages());
  suspended_ = true;
  return {};
}

Status Communicator::resume() {
  suspended_ = false;
  return endpoint_ ? endpoint_->fetch_pages() : Status{};
}

}  // namespace bccl
