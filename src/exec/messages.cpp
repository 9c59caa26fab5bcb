#include "exec/messages.h"

#include <algorithm>
#include <cstring>

namespace bccl {
namespace {

/// The receiver knows which message it expects, so it can tell from a signature how long the sender's is.
uint32_t number_part(uint32_t number) { return number * 0x9E3779B1U; }

}  // namespace

Status Messages::start(std::span<const Message> messages) {
  difference_ = {};
  differs_ = false;
  read_lent_ = false;
  for (Way* way : busy_) way->pending.clear();  // given up before
  busy_.clear();
  BCCL_TRY(visit_own(messages, [this](const Message& sent, const Message& received) {
    if (sent.bytes > 0) copy(received.data, sent.data, sent.bytes);
  }));
  for (const Message& message : messages) {
    if (message.peer == options_.me) continue;
    Way& way = *BCCL_TRY(way_to(message.peer, message.direction));
    if (way.done()) {
      way.pending.clear();
      way.next = way.moved = 0;
      busy_.push_back(&way);
    }
    way.pending.push_back({message.data, message.bytes, number_part(++way.messages) + static_cast<uint32_t>(message.bytes)});
  }
  return {};
}

Result<Messages::Way*> Messages::way_to(Rank peer, Direction direction) {
  auto& way = ways_[{peer, direction}];
  if (way) return way.get();
  auto made = std::make_unique<Way>();
  made->peer = peer;
  made->direction = direction;
  if (direction == Direction::send) {
    made->sender = BCCL_TRY(endpoint_->sender(std::span(&peer, 1), options_.lane));
    made->lender = made->sender->by_reference();
  } else {
    made->receiver = BCCL_TRY(endpoint_->receiver(peer, options_.lane));
    made->placement = made->receiver->placement();
  }
  way = std::move(made);
  return way.get();
}

Status Messages::check(std::span<const Message> messages) const {
  return visit_own(messages, [](const Message&, const Message&) {});
}

/// Visits the messages to oneself, each send with its receive.
template <class Visit>
Status Messages::visit_own(std::span<const Message> messages, Visit visit) const {
  const auto next_of = [&](Direction direction, size_t from) {
    while (from < messages.size() && (messages[from].peer != options_.me || messages[from].direction != direction)) ++from;
    return from;
  };
  const size_t end = messages.size();
  size_t sent = next_of(Direction::send, 0);
  size_t received = next_of(Direction::receive, 0);
  for (; sent < end && received < end;
       sent = next_of(Direction::send, sent + 1), received = next_of(Direction::receive, received + 1)) {
    if (messages[sent].bytes != messages[received].bytes)
      return fail(Code::invalid_usage, "rank {}: it sends {} bytes to itself and receives {}; make the counts equal",
                  options_.me, messages[sent].bytes, messages[received].bytes);
    visit(messages[sent], messages[received]);
  }
  if (sent != end || received != end)
    return fail(Code::invalid_usage,
                "rank {}: a {} itself has no counterpart; put the send and the receive into one group", options_.me,
                sent != end ? "send to" : "receive from");
  return {};
}

Progress Messages::advance() {
  bool moved = false;
  for (size_t at = 0; at < busy_.size();) {
    Way& way = *busy_[at];
    moved |= move(way);
    if (differs_) return Progress::mismatch;
    if (!way.done()) {
      ++at;
      continue;
    }
    busy_[at] = busy_.back();
    busy_.pop_back();
  }
  if (busy_.empty()) return Progress::done;
  return moved ? Progress::some : Progress::none;
}

bool Messages::move(Way& way) {
  bool moved = false;
  while (!way.moved_all() && (way.sender != nullptr ? send_slice(way) : receive_slice(way))) moved = true;
  return moved;
}

size_t Messages::slice_bytes(const Way& way) const {
  return std::min(way.pending[way.next].bytes - way.moved, options_.slice_bytes_max);
}

bool Messages::send_slice(Way& way) {
  const Pending& message = way.pending[way.next];
  const size_t bytes = slice_bytes(way);
  const Room room = room_for(way);
  if (room == Room::not_yet) return false;
  if (room == Room::yes) {
    way.lender->send(message.data + way.moved, bytes, message.signature);
  } else {
    copy(way.sender->try_acquire(bytes), message.data + way.moved, bytes);
    way.sender->commit(bytes, message.signature);
    way.acquired = false;
  }
  went(way, bytes);
  return true;
}

/// How the next slice can go; by value: memory for it is acquired.
Room Messages::room_for(Way& way) {
  const Pending& message = way.pending[way.next];
  const size_t bytes = slice_bytes(way);
  if (!way.acquired && way.lender != nullptr && bytes >= referred_bytes_min)
    if (const Room room = way.lender->room_for(message.data + way.moved, bytes); room != Room::by_value) return room;
  way.acquired = way.sender->try_acquire(bytes) != nullptr;
  return way.acquired ? Room::by_value : Room::not_yet;
}

/// The next slice, where it belongs if it may be received there.
Arrival Messages::peek(Way& way) {
  const Pending& message = way.pending[way.next];
  return way.placement != nullptr && message.bytes > 0
             ? way.placement->try_peek_into(message.data + way.moved, slice_bytes(way))
             : way.receiver->try_peek();
}

bool Messages::receive_slice(Way& way) {
  const Pending& message = way.pending[way.next];
  const Arrival arrival = peek(way);
  if (arrival.data == nullptr) return false;
  const size_t bytes = slice_bytes(way);
  if (arrival.signature != message.signature || arrival.bytes != bytes) {
    difference_ = {.peer = way.peer,
                   .same_call = true,
                   .bytes_expected = message.bytes,
                   .bytes_sent = arrival.signature - (message.signature - static_cast<uint32_t>(message.bytes))};
    differs_ = true;
    return false;
  }
  read_lent_ |= arrival.lent;
  if (arrival.data != message.data + way.moved) copy(message.data + way.moved, arrival.data, bytes);
  way.receiver->release();
  went(way, bytes);
  return true;
}

void Messages::went(Way& way, size_t bytes) {
  way.moved += bytes;
  if (way.moved < way.pending[way.next].bytes) return;
  ++way.next;
  way.moved = 0;
}

void Messages::copy(void* to, const void* from, size_t bytes) const {
  const Pass pass{.inputs = &from, .outputs = &to, .input_count = 1, .output_count = 1, .elements = bytes};
  copy_pass(pass, options_.isa);
}

bool Messages::glance() {
  constexpr int looks = 32;
  if (busy_.size() != 1 || busy_.front()->receiver == nullptr) return false;
  for (int look = 0; look < looks; ++look)
    if (peek(*busy_.front()).data != nullptr) return true;
  return false;
}

bool Messages::can_move() {
  return std::any_of(busy_.begin(), busy_.end(), [this](Way* way) {
    if (way->done()) return true;
    if (way->moved_all()) return false;
    return way->sender != nullptr ? room_for(*way) != Room::not_yet : peek(*way).data != nullptr;
  });
}

bool Messages::waits_for(Rank peer) const {
  return std::any_of(busy_.begin(), busy_.end(), [=](const Way* way) { return way->peer == peer; });
}

std::string Messages::describe_wait() const {
  if (busy_.empty()) return {};
  const Way& way = *busy_.front();
  if (way.moved_all()) return fmt::format("waits until rank {} has read what was sent it by reference", way.peer);
  return fmt::format("message {} ({} bytes) waits {} rank {}", way.messages - (way.pending.size() - way.next) + 1,
                     way.pending[way.next].bytes, way.sender != nullptr ? "for room to be sent to" : "to be received from",
                     way.peer);
}

}  // namespace bccl
