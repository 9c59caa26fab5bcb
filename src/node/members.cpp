#include "node/members.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <type_traits>

#include <fcntl.h>
#include <sched.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_descriptor.h"
#include "base/system_limit.h"
#include "node/fork.h"

namespace bccl {
namespace {

constexpr uint32_t layout_now = 0x62636e01;  // "bcn", version 1
constexpr size_t names_shown_max = 8;

static_assert(std::is_trivially_copyable_v<MemberFacts>);

template <size_t n>
void put(std::array<char, n>& to, const std::string& text) {
  std::snprintf(to.data(), n, "%s", text.c_str());
}

std::string host_name() {
  char name[65] = "";
  return gethostname(name, sizeof name - 1) == 0 && name[0] != 0 ? name : "unknown";
}

/// The same for all that runs on one kernel, containers included. Without /proc the host's name has to do.
Result<std::string> boot_id() {
  const FileDescriptor file{open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)};
  if (!file.valid() && (errno == EMFILE || errno == ENFILE))
    return fail_limit(errno, "cannot read the boot id");
  constexpr size_t id_bytes = 36;
  char id[id_bytes];
  if (!file.valid() || read(file.get(), id, id_bytes) != id_bytes) return "host " + host_name();
  return std::string(id, id_bytes);
}

uint64_t network_namespace() {
  struct stat facts {};
  return stat("/proc/self/ns/net", &facts) == 0 ? facts.st_ino : 0;
}

/// Of the calling thread, where ranks are threads bound one by one.
std::array<uint64_t, cpus_max / 64> allowed_cpus() {
  std::array<uint64_t, cpus_max / 64> cpus{};
  if (sched_getaffinity(0, sizeof cpus, reinterpret_cast<cpu_set_t*>(cpus.data())) != 0) cpus[0] = 1;
  return cpus;
}

}  // namespace

std::array<uint8_t, 16> process_token() {
  // Recognised by its generation, so that a child makes its own although it inherits this.
  struct Token {
    uint64_t generation;
    std::array<uint8_t, 16> bytes;
    const Token* parents;  // keeps it reachable: a thread of the parent's may have been using it
  };
  static std::atomic<const Token*> current{nullptr};
  const Token* seen = current.load(std::memory_order_acquire);
  while (seen == nullptr || seen->generation != process_generation()) {
    auto* fresh = new Token{process_generation(), {}, seen};
    randombytes_buf(fresh->bytes.data(), fresh->bytes.size());
    if (current.compare_exchange_strong(seen, fresh, std::memory_order_acq_rel)) return fresh->bytes;
    delete fresh;
  }
  return seen->bytes;
}

MemberFacts local_facts(size_t arena_bytes, bool exact_sleep, const std::string& meeting,
                        const Status& prepared) {
  const Result<std::string> boot = boot_id();
  MemberFacts facts;
  facts.layout = layout_now;
  facts.pid = getpid();
  facts.network_namespace = network_namespace();
  facts.arena_bytes = arena_bytes;
  facts.exact_sleep = exact_sleep;
  facts.failure_code = static_cast<uint32_t>(prepared.ok() ? boot.code() : prepared.code());
  facts.process = process_token();
  if (boot.ok()) put(facts.boot, boot.value());
  put(facts.host_name, host_name());
  put(facts.meeting, meeting);
  put(facts.failure, prepared.ok() ? boot.sentence() : prepared.sentence());
  facts.cpus = allowed_cpus();
  return facts;
}

Result<Members> Members::gather(Exchange& exchange, const MemberFacts& mine, Deadline deadline) {
  const std::string blob(reinterpret_cast<const char*>(&mine), sizeof mine);
  const std::vector<std::string> blobs = BCCL_TRY(exchange.all_gather(blob, deadline));
  Members members;
  members.facts_.resize(blobs.size());
  for (size_t rank = 0; rank < blobs.size(); ++rank) {
    MemberFacts& facts = members.facts_[rank];
    if (blobs[rank].size() == sizeof facts) std::memcpy(&facts, blobs[rank].data(), sizeof facts);
    if (facts.layout != layout_now)
      return fail(Code::invalid_usage,
                  "rank {} runs another version of bccl than rank {}: use one on all ranks", rank,
                  exchange.rank());
    facts.host_name.back() = facts.meeting.back() = facts.failure.back() = '\0';  // texts end, whoever wrote them
  }
  BCCL_TRY(members.check());
  return members;
}

Status Members::check() const {
  for (int rank = 0; rank < size(); ++rank) {
    const MemberFacts& theirs = facts(rank);
    if (theirs.failure_code != 0)
      return fail(error_code_from(theirs.failure_code), "{}: {}", describe(rank), theirs.failure.data());
  }
  return check_hosts();  // last: a rank that failed may not have been able to find out where it is
}

Status Members::check_hosts() const {
  const MemberFacts& leader = facts_.front();
  std::vector<int> elsewhere;
  std::vector<int> walled_off;
  for (int rank = 1; rank < size(); ++rank) {
    if (facts(rank).boot != leader.boot)
      elsewhere.push_back(rank);
    else if (facts(rank).network_namespace != leader.network_namespace)
      walled_off.push_back(rank);
  }
  if (!elsewhere.empty())
    return fail(
        Code::invalid_usage,
        "{} not on the host of {}: collectives between hosts are not supported in this version; start all "
        "ranks on one host",
        subject(elsewhere), describe(0));
  if (!walled_off.empty())
    return fail(Code::invalid_usage,
                "{} in another network namespace than {}: collectives between network namespaces are not "
                "supported in "
                "this version; run the containers of a host with the host's network",
                subject(walled_off), describe(0));
  return {};
}

std::string Members::describe(int rank) const {
  return fmt::format("rank {} (host {}, pid {})", rank, facts(rank).host_name.data(), facts(rank).pid);
}

std::string Members::subject(const std::vector<int>& ranks) const {
  std::string text;
  const size_t shown = std::min(ranks.size(), names_shown_max);
  for (size_t i = 0; i < shown; ++i) text += fmt::format("{}{}", i == 0 ? "" : ", ", describe(ranks[i]));
  if (shown < ranks.size()) text += fmt::format(" and {} more", ranks.size() - shown);
  return text + (ranks.size() == 1 ? " is" : " are");
}

std::vector<int> Members::ranks_of_process(int rank) const {
  std::vector<int> ranks;
  for (int other = 0; other < size(); ++other)
    if (same_process(rank, other)) ranks.push_back(other);
  return ranks;
}

int Members::speaker(int rank) const {
  int speaker = 0;
  while (!same_process(speaker, rank)) ++speaker;
  return speaker;
}

int Members::cores() const {
  std::array<uint64_t, cpus_max / 64> united{};
  for (const MemberFacts& facts : facts_)
    for (size_t word = 0; word < united.size(); ++word) united[word] |= facts.cpus[word];
  int cores = 0;
  for (const uint64_t word : united) cores += std::popcount(word);
  return cores;
}

bool Members::exact_sleep() const {
  return std::all_of(facts_.begin(), facts_.end(),
                     [](const MemberFacts& facts) { return facts.exact_sleep != 0; });
}

}  // namespace bccl
