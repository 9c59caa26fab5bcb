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

constexpr uint32_t layout_now = 0x62636e03;  // "bcn", version 3
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

MemberFacts local_facts(bool exact_sleep, const Status& prepared, const Identity& identity) {
  const Result<std::string> boot = identity.host.empty() ? boot_id() : Result<std::string>(identity.host);
  MemberFacts facts;
  facts.layout = layout_now;
  facts.pid = getpid();
  facts.network_namespace = network_namespace();
  facts.exact_sleep = exact_sleep;
  facts.failure_code = static_cast<uint32_t>(prepared.ok() ? boot.code() : prepared.code());
  facts.alone = identity.alone ? 1 : 0;
  facts.process = process_token();
  if (boot.ok()) put(facts.boot, boot.value());
  put(facts.host_name, host_name());
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
    // Texts end, whoever wrote them.
    facts.boot.back() = facts.host_name.back() = facts.failure.back() = '\0';
    members.ranks_.push_back(static_cast<int>(rank));
  }
  BCCL_TRY(members.check());
  return members;
}

Status Members::check() const {
  for (int member = 0; member < size(); ++member) {
    const MemberFacts& theirs = facts(member);
    if (theirs.failure_code != 0)
      return fail(error_code_from(theirs.failure_code), "{}: {}", describe(member), theirs.failure.data());
  }
  return {};
}

Members Members::only(const std::vector<int>& members) const {
  Members some;
  for (const int member : members) {
    some.facts_.push_back(facts(member));
    some.ranks_.push_back(ranks_[static_cast<size_t>(member)]);
  }
  return some;
}

std::vector<std::string> Members::host_keys() const {
  std::vector<std::string> keys;
  for (int member = 0; member < size(); ++member)
    keys.push_back(fmt::format("{} {} {}", facts(member).boot.data(), facts(member).network_namespace,
                               facts(member).alone != 0 ? ranks_[static_cast<size_t>(member)] : -1));
  return keys;
}

std::vector<std::string> Members::machine_keys() const {
  std::vector<std::string> keys;
  for (const MemberFacts& facts : facts_) keys.emplace_back(facts.boot.data());
  return keys;
}

std::string Members::describe(int member) const {
  return fmt::format("rank {} (host {}, pid {})", ranks_[static_cast<size_t>(member)],
                     facts(member).host_name.data(), facts(member).pid);
}

std::string Members::subject(const std::vector<int>& members) const {
  std::string text;
  const size_t shown = std::min(members.size(), names_shown_max);
  for (size_t i = 0; i < shown; ++i) text += fmt::format("{}{}", i == 0 ? "" : ", ", describe(members[i]));
  if (shown < members.size()) text += fmt::format(" and {} more", members.size() - shown);
  return text + (members.size() == 1 ? " is" : " are");
}

std::vector<int> Members::members_of_process(int member) const {
  std::vector<int> found;
  for (int other = 0; other < size(); ++other)
    if (same_process(member, other)) found.push_back(other);
  return found;
}

int Members::speaker(int member) const {
  int speaker = 0;
  while (!same_process(speaker, member)) ++speaker;
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
