#include "ranks_on_hosts.h"

#include <cstdio>
#include <stdexcept>

#include <fmt/format.h>

namespace bccl::test {

RanksOnHosts::RanksOnHosts(Hosts& hosts, const std::vector<int>& ranks_of_hosts,
                           const std::vector<std::string>& words, const std::vector<std::string>& environment)
    : placement_(hosts, ranks_of_hosts) {
  for (const HostsPlacement::Place& place : placement_.places()) {
    Program program{.words = {HOST_RANK}, .environment = placement_.variables(place)};
    program.words.insert(program.words.end(), words.begin(), words.end());
    program.environment.insert(program.environment.end(), environment.begin(), environment.end());
    ranks_.push_back(hosts[place.host].run(program));
  }
}

void RanksOnHosts::await_output(const std::string& text) {
  for (Started& rank : ranks_) rank.await_output(text);
}

Told told_in(const Outcome& outcome) {
  for (const std::string& line : lines_of(outcome.output)) {
    Told told;
    long long at_ns = 0;
    int sentence_at = 0;
    if (std::sscanf(line.c_str(), "told at %lld code %d: %n", &at_ns, &told.code, &sentence_at) < 2) continue;
    told.at_ns = at_ns;
    told.sentence = line.substr(static_cast<size_t>(sentence_at));
    return told;
  }
  throw std::runtime_error(
      fmt::format("a rank was told nothing\nstdout: {}\nstderr: {}", outcome.output, outcome.errors));
}

}  // namespace bccl::test
