#include <algorithm>
#include <cerrno>
#include <list>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/system_limit.h"
#include "memory/shared_memory.h"
#include "node/doorbell.h"
#include "node/meeting.h"
#include "node/packet.h"

namespace bccl {
namespace {

constexpr int64_t look_ms = 50;  // how late it is noticed that a rank died before it came

/// Someone connected to the meeting's socket.
struct Caller {
  enum class Stage { greeting, answer, doorbells, settled };  // what is awaited

  FileDescriptor socket;
  Stage stage = Stage::greeting;
  Dialogue dialogue{};
  std::vector<FileDescriptor> doorbells{};
  bool trusted() const { return stage == Stage::doorbells || stage == Stage::settled; }
};

class MeetingHost {
 public:
  MeetingHost(FileDescriptor listener, const ProofKey& key, const Party& party, Exchange& exchange,
              Deadline deadline)
      : listener_(std::move(listener)),
        key_(key),
        party_(party),
        members_(party.here()),
        exchange_(exchange),
        deadline_(deadline) {
    for (int member = 1; member < members_.size(); ++member)
      if (members_.speaker(member) == member && !members_.same_process(member, 0)) awaited_.push_back(member);
    guests_ = awaited_.size();
  }

  Result<NodeDescriptors> run() {
    NodeDescriptors descriptors;
    descriptors.memory = BCCL_TRY(make_shared_memory("bccl-node", "the node's shared memory", NodeLayout(party_).bytes));
    descriptors.doorbells.resize(static_cast<size_t>(members_.size()));
    if (party_.spans_hosts()) descriptors.control_bell = BCCL_TRY(make_doorbell());
    for (const int member : members_.members_of_process(0))
      descriptors.doorbells[static_cast<size_t>(member)] = BCCL_TRY(make_doorbell());
    while (!awaited_.empty()) BCCL_TRY(serve_once());
    listener_ = FileDescriptor{};
    collect_doorbells(descriptors);
    BCCL_TRY(hand_out(descriptors));
    return descriptors;
  }

 private:
  Status serve_once() {
    std::vector<pollfd> wanted{{listener_.get(), POLLIN, 0}};
    for (const Caller& caller : callers_) wanted.push_back({caller.socket.get(), POLLIN, 0});
    const int64_t patience_ms = std::min(deadline_.left_ms(), look_ms);
    const int found = poll(wanted.data(), wanted.size(), static_cast<int>(patience_ms));
    if (found < 0 && errno != EINTR) return fail_errno(errno, "cannot wait for the node's ranks");
    if (found > 0) BCCL_TRY(serve_callers(wanted));
    if (awaited_.empty()) return {};
    // Not only when nobody called: strangers that keep calling shall not put this off.
    BCCL_TRY(exchange_.check());
    return deadline_.passed() ? Status{missing()} : Status{};
  }

  Status serve_callers(const std::vector<pollfd>& wanted) {
    size_t index = 1;
    for (auto caller = callers_.begin(); caller != callers_.end(); ++index) {
      const auto current = caller++;
      if (wanted[index].revents != 0) BCCL_TRY(serve(current));
    }
    return wanted[0].revents != 0 ? accept_callers() : Status{};
  }

  Error missing() const {
    return fail(Code::timeout, "{} not connected to {} within {} ms", members_.subject(awaited_),
                members_.describe(0), deadline_.budget_ms());
  }

  Status accept_callers() {
    for (size_t i = 0; i < strangers_max; ++i) {  // no more in a turn, for there may be no end of them
      FileDescriptor socket{accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
      if (!socket.valid()) {
        const int reason = errno;
        if (reason == EINTR || reason == ECONNABORTED) continue;
        // Without a descriptor left it fails even if nobody calls.
        if (reason == EAGAIN || !somebody_calls()) return {};
        // Strangers shall not use up the descriptors that the job needs. With fewer than that it could never
        // begin: its own ranks would be dropped for each other's sake.
        if (reason == EMFILE && callers_.size() >= guests_ && drop_oldest_stranger()) continue;
        return fail_limit(reason,
                          fmt::format("cannot take the connections of {} processes of the node", guests_));
      }
      const auto strangers =
          std::count_if(callers_.begin(), callers_.end(), [](const Caller& c) { return !c.trusted(); });
      if (static_cast<size_t>(strangers) >= strangers_max) drop_oldest_stranger();
      callers_.push_back(Caller{.socket = std::move(socket)});
    }
    return {};
  }

  bool somebody_calls() const {
    pollfd listener{listener_.get(), POLLIN, 0};
    return poll(&listener, 1, 0) > 0;
  }

  bool drop_oldest_stranger() {
    const auto oldest =
        std::find_if(callers_.begin(), callers_.end(), [](const Caller& c) { return !c.trusted(); });
    if (oldest == callers_.end()) return false;
    callers_.erase(oldest);
    return true;
  }

  /// Takes one packet from a caller. Whatever a stranger does wrong only ends its connection.
  Status serve(std::list<Caller>::iterator caller) {
    const bool trusted = caller->trusted();
    Status done = take_packet(*caller);
    if (done.ok()) return done;
    // A guest that gives up at the end of its time has waited for those who are missing, like the host.
    if (trusted && done.code() == Code::remote_error && deadline_.left_ms() <= look_ms) return missing();
    if (trusted)
      return fail(done.code(), "{} could not join the node: {}", members_.describe(caller->dialogue.member),
                  done.sentence());
    callers_.erase(caller);
    return {};
  }

  Status take_packet(Caller& caller) {
    const bool may_carry = caller.stage == Caller::Stage::doorbells;
    std::optional<Packet> packet =
        BCCL_TRY(try_receive_packet(caller.socket.get(), may_carry ? packet_descriptors_max : 0));
    if (!packet) return {};
    switch (caller.stage) {
      case Caller::Stage::greeting:
        return challenge(caller, *packet);
      case Caller::Stage::answer:
        return check_answer(caller, *packet);
      case Caller::Stage::doorbells:
        return take_doorbells(caller, *packet);
      case Caller::Stage::settled:
        break;
    }
    return fail(Code::remote_error, "an unexpected packet came");
  }

  Status challenge(Caller& caller, const Packet& packet) {
    const std::optional<Greeting> greeting = struct_in<Greeting>(packet);
    if (!greeting || greeting->magic != greeting_magic || !awaits(greeting->member))
      return fail(Code::remote_error, "a stranger called");
    caller.dialogue = Dialogue{greeting->member, greeting->nonce, random_nonce()};
    caller.stage = Caller::Stage::answer;
    const Challenge challenge{caller.dialogue.host, key_.of_host(caller.dialogue)};
    return send_packet(caller.socket.get(), bytes_of_struct(challenge), {}, Deadline::after_ms(0));
  }

  Status check_answer(Caller& caller, const Packet& packet) {
    const std::optional<Answer> answer = struct_in<Answer>(packet);
    if (!answer || !ProofKey::same(answer->proof, key_.of_guest(caller.dialogue)) ||
        !awaits(caller.dialogue.member) || taken(caller.dialogue.member))
      return fail(Code::remote_error, "a stranger called");
    caller.stage = Caller::Stage::doorbells;
    return {};
  }

  Status take_doorbells(Caller& caller, Packet& packet) {
    const size_t expected = members_.members_of_process(caller.dialogue.member).size();
    for (FileDescriptor& doorbell : packet.descriptors) caller.doorbells.push_back(std::move(doorbell));
    if (packet.descriptors.empty() || caller.doorbells.size() > expected)
      return fail(Code::internal_error, "it sent {} doorbells for {} ranks", caller.doorbells.size(),
                  expected);
    if (caller.doorbells.size() < expected) return {};
    caller.stage = Caller::Stage::settled;
    std::erase(awaited_, caller.dialogue.member);
    return {};
  }

  bool awaits(int member) const { return std::find(awaited_.begin(), awaited_.end(), member) != awaited_.end(); }
  bool taken(int member) const {
    return std::any_of(callers_.begin(), callers_.end(),
                       [member](const Caller& c) { return c.trusted() && c.dialogue.member == member; });
  }

  void collect_doorbells(NodeDescriptors& descriptors) {
    callers_.remove_if([](const Caller& caller) { return !caller.trusted(); });
    for (Caller& caller : callers_) {
      auto doorbell = caller.doorbells.begin();
      for (const int member : members_.members_of_process(caller.dialogue.member))
        descriptors.doorbells[static_cast<size_t>(member)] = std::move(*doorbell++);
    }
  }

  Status hand_out(const NodeDescriptors& descriptors) {
    std::vector<int> numbers{descriptors.memory.get()};
    if (party_.spans_hosts()) numbers.push_back(descriptors.control_bell.get());
    for (const FileDescriptor& doorbell : descriptors.doorbells) numbers.push_back(doorbell.get());
    for (const Caller& caller : callers_) {
      const Status sent = send_descriptors(caller.socket.get(), numbers, deadline_);
      if (!sent.ok())
        return fail(sent.code(), "{} could not be given the node's memory: {}",
                    members_.describe(caller.dialogue.member), sent.sentence());
    }
    return {};
  }

  FileDescriptor listener_;
  const ProofKey& key_;
  const Party& party_;
  const Members& members_;
  Exchange& exchange_;
  const Deadline deadline_;
  std::list<Caller> callers_;  // oldest first
  std::vector<int> awaited_;   // speakers whose doorbells have not all come
  size_t guests_ = 0;          ///< How many were awaited in the beginning.
};

}  // namespace

std::string random_meeting_name() {
  constexpr char digits[] = "0123456789abcdef";
  std::string name = "bccl-";
  const Nonce nonce = random_nonce();
  for (size_t i = 0; i < 16; ++i) name += {digits[nonce[i] >> 4], digits[nonce[i] & 15]};
  return name;
}

Result<NodeDescriptors> host_meeting(FileDescriptor listener, const ProofKey& key, const Party& party,
                                     Exchange& exchange, Deadline deadline) {
  return MeetingHost(std::move(listener), key, party, exchange, deadline).run();
}

}  // namespace bccl
