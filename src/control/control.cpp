#include "control/control.h"

#include <set>
#include <utility>

#include "control/service.h"
#include "net/interfaces.h"
#include "node/fork.h"
#include "transport/tcp/meeting.h"

namespace bccl::control {
namespace {

/// The leaders of the other groups, if `rank` leads its own.
std::vector<int> fellow_leaders(const Groups& groups, int rank) {
  std::vector<int> leaders;
  if (groups.leader(groups.of(rank)) != rank) return leaders;
  for (int group = 0; group < groups.count(); ++group)
    if (group != groups.of(rank)) leaders.push_back(groups.leader(group));
  return leaders;
}

/// Of the NIC that the lines go through; -1: of several nodes, or not known.
int node_of_nic(const std::vector<Line>& lines) {
  std::set<int> nodes;
  for (const Line& line : lines) {
    const Result<Address> address = local_address(line.messages.socket());
    nodes.insert(address.ok() ? numa_node_of(address.value()) : -1);
  }
  return nodes.size() == 1 ? *nodes.begin() : -1;
}

}  // namespace

Result<std::unique_ptr<Control>> Control::open(Exchange& exchange, const Node& node, const tcp::Options& options,
                                               Deadline deadline) {
  const Groups& groups = node.groups();
  if (groups.count() > hosts_max)
    return fail(Code::invalid_usage, "the ranks are on {} hosts, and {} are the most that one communicator may span",
                groups.count(), hosts_max);
  tcp::Options one_socket = options;
  one_socket.sockets = 1;
  const std::vector<int> leaders = fellow_leaders(groups, exchange.rank());
  tcp::Company company = BCCL_TRY(tcp::meet(exchange, leaders, one_socket, deadline));
  if (leaders.empty()) return std::unique_ptr<Control>(new Control(nullptr));
  std::vector<Line> lines;
  for (tcp::Pair& pair : company.pairs)
    lines.push_back({groups.of(pair.peer.rank), std::move(pair.pipes.front()), std::move(pair.pipes.back())});
  const int node_number = node_of_nic(lines);
  auto steward = std::make_shared<Steward>(node.envoy(), std::move(lines));
  BCCL_TRY(Service::of_this_process().adopt(steward, node_number));
  return std::unique_ptr<Control>(new Control(std::move(steward)));
}

Control::Control(std::shared_ptr<Steward> steward)
    : steward_(std::move(steward)), generation_(process_generation()) {}

Control::~Control() {
  if (steward_ && generation_ == process_generation()) Service::of_this_process().tend(steward_);
}

}  // namespace bccl::control
