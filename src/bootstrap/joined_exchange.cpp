#include "bootstrap/joined_exchange.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

#include <poll.h>
#include <unistd.h>

#include "bootstrap/roster.h"
#include "net/stream_socket.h"

namespace bccl {
namespace {

// The root keeps the deadlines, for only it can say who is missing. A rank waits this much longer for its
// word.
constexpr int64_t root_grace_ms = 1000;
constexpr size_t read_bytes_max = 64 << 10;
constexpr int64_t interrupt_look_ms = 20;

uint32_t to_u32(int64_t value) {
  return static_cast<uint32_t>(std::clamp<int64_t>(value, 0, std::numeric_limits<uint32_t>::max()));
}

}  // namespace

int64_t look_ms(const Patience& patience) {
  const int64_t most = patience.interrupt ? interrupt_look_ms : std::numeric_limits<int>::max();
  return std::min(patience.deadline.left_ms(), most);
}

JoinedExchange::JoinedExchange(Seat seat, const Secret& secret, Interrupt interrupt)
    : seat_(std::move(seat)),
      secret_(secret.begin(), secret.end()),
      interrupt_(std::move(interrupt)),
      pid_(getpid()),
      sealer_(seat_.keys.to_callee),
      reader_(seat_.keys.to_caller) {}

JoinedExchange::~JoinedExchange() {
  if (getpid() != pid_) return;  // a forked child closes its copy; the connection stays its parent's
  if (!failure_ || interruption_) {
    const Payload reason{interruption_ ? pack(*interruption_) : std::string{}};
    const std::string head = sealer_.header(FrameKind::goodbye, reason);
    // Without room for it the rank counts as dead, which is no worse than what keeps the root from reading.
    static_cast<void>(write_some(seat_.socket.get(), head, reason.bytes()));
  }
  hang_up(seat_.socket);
}

Result<std::vector<std::string>> JoinedExchange::all_gather(const std::string& mine, Deadline deadline) {
  if (getpid() != pid_)
    return fail(Code::invalid_usage, "rank {}: a forked child cannot take part in its parent's bootstrap",
                rank());
  if (mine.size() > blob_bytes_max)
    return fail(Code::invalid_argument, "rank {}: a blob of {} bytes exceeds the bootstrap's limit of {}",
                rank(), mine.size(), blob_bytes_max);
  if (failure_) return *failure_;
  ++rounds_;
  Result<Blobs> blobs = gather(mine, deadline);
  if (!blobs.ok()) failure_ = fail(blobs.code(), "rank {}: {}", rank(), blobs.sentence());
  if (failure_) return *failure_;
  return blobs;
}

Status JoinedExchange::check() {
  if (failure_) return *failure_;
  Blobs blobs;
  bool gone = false;
  Status heard = read_what_waits(blobs, &gone);
  if (heard.ok() && gone) heard = root_ended();
  if (heard.ok()) heard = look_for_interrupt();
  if (!heard.ok()) failure_ = fail(heard.code(), "rank {}: {}", rank(), heard.sentence());
  return heard.ok() ? Status{} : Status{*failure_};
}

Error JoinedExchange::root_ended() const {
  return fail(Code::remote_error,
              "the root at {} ended during bootstrap: the process that made the unique id, rank 0 as a rule, has "
              "died or ended",
              seat_.root);
}

Status JoinedExchange::look_for_interrupt() {
  if (!interrupt_) return {};
  Status interrupted = interrupt_();
  if (!interrupted.ok()) interruption_ = Error{interrupted.code(), interrupted.sentence()};
  return interrupted;
}

Result<std::vector<std::string>> JoinedExchange::gather(const std::string& mine, Deadline deadline) {
  BCCL_TRY(look_for_interrupt());
  Blobs blobs;
  bool gone = false;
  // First what is here: if the bootstrap has failed meanwhile, the root may not listen any more, but it said
  // why.
  BCCL_TRY(read_what_waits(blobs, &gone));
  if (!blobs.empty()) return fail(Code::internal_error, "the root sent blobs before they were asked for");
  const Contribution contribution{to_u32(deadline.left_ms()), to_u32(deadline.budget_ms()), mine};
  BCCL_TRY(send(FrameKind::contribution, Payload{pack(contribution)}, deadline));

  const Deadline last_word = Deadline::after_ms(deadline.left_ms() + root_grace_ms);
  while (true) {
    BCCL_TRY(read_what_waits(blobs, &gone));
    if (blobs.size() == ranks()) return blobs;
    if (gone) return root_ended();
    Status waited = wait_for(POLLIN, last_word);
    if (waited.code() == Code::timeout)
      return fail(waited.code(), "{} all_gather {} of the bootstrap within {}", waited.sentence(), rounds_,
                  spell_ms(deadline.budget_ms()));
    BCCL_TRY(std::move(waited));
  }
}

Status JoinedExchange::send(FrameKind kind, const Payload& payload, Deadline deadline) {
  const std::string head = sealer_.header(kind, payload);
  const std::string_view body = payload.bytes();
  for (size_t sent = 0; sent < head.size() + body.size();) {
    const size_t head_sent = std::min(sent, head.size());
    const Transfer transfer = write_some(seat_.socket.get(), std::string_view{head}.substr(head_sent),
                                         body.substr(sent - head_sent));
    if (transfer.gone) return {};  // what the root said before it hung up is still to be read, and tells why
    sent += transfer.bytes;
    if (transfer.bytes > 0) continue;
    Status waited = wait_for(POLLOUT, deadline);
    if (waited.code() == Code::timeout) return fail(waited.code(), "{} the blob of all_gather {}", waited.sentence(), rounds_);
    BCCL_TRY(std::move(waited));
  }
  return {};
}

Status JoinedExchange::read_what_waits(Blobs& blobs, bool* gone) {
  BCCL_TRY(take_frames(blobs));
  std::array<char, read_bytes_max> bytes;
  while (blobs.size() < ranks()) {
    const Transfer transfer = read_some(seat_.socket.get(), bytes);
    *gone = transfer.gone;
    if (transfer.bytes == 0) break;
    reader_.feed({bytes.data(), transfer.bytes});
    BCCL_TRY(take_frames(blobs));
  }
  return {};
}

/// Takes no frame beyond the round: a failure that came after it belongs to the next.
Status JoinedExchange::take_frames(Blobs& blobs) {
  while (blobs.size() < ranks()) {
    const auto frame = BCCL_TRY(reader_.next());
    if (!frame) return {};
    if (frame->kind == FrameKind::failure) return parse_failure(frame->payload);
    if (frame->kind != FrameKind::gathered)
      return fail(Code::remote_error, "the root sent a frame of unknown kind");
    BCCL_TRY(parse_gathered(frame->payload, ranks(), blobs));
  }
  return {};
}

Status JoinedExchange::wait_for(short events, Deadline deadline) {
  const Patience patience(deadline, interrupt_);
  while (true) {
    pollfd socket{seat_.socket.get(), events, 0};
    const int ready = poll(&socket, 1, static_cast<int>(look_ms(patience)));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return fail_errno(errno, "cannot wait for the root's socket");
    BCCL_TRY(look_for_interrupt());
    if (deadline.passed())
      return fail(Code::timeout, "the root at {} has not {}", seat_.root,
                  events == POLLIN ? "answered" : "taken");
  }
}

}  // namespace bccl
