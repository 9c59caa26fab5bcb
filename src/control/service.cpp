#include "control/service.h"

#include <algorithm>
#include <atomic>
#include <limits>

#include "base/clock.h"
#include "base/log.h"
#include "base/quiet_thread.h"
#include "node/doorbell.h"
#include "node/fork.h"

namespace bccl::control {

Service::Service() : generation_(process_generation()) {}

Service& Service::of_this_process() {
  static constinit std::atomic<Service*> current{nullptr};
  Service* service = current.load(std::memory_order_acquire);
  while (service == nullptr || service->generation_ != process_generation()) {
    // A forked child leaves its parent's alone: its lock may have been held at the fork, its thread is not here.
    auto fresh = std::unique_ptr<Service>(new Service);
    if (current.compare_exchange_strong(service, fresh.get(), std::memory_order_acq_rel)) return *fresh.release();
  }
  return *service;
}

Status Service::start(int node_number) {
  BCCL_TRY(poller_.open());
  Status started = start_quiet_thread("bccl-control", [this] { run(); }, node_number);
  if (!started.ok()) poller_.close();
  running_ = started.ok();
  return started;
}

Status Service::adopt(std::shared_ptr<Steward> steward, int node_number) {
  const std::scoped_lock hold(lock_);
  if (!running_) BCCL_TRY(start(node_number));
  auto charge = std::make_unique<Charge>();
  charge->steward = std::move(steward);
  Status watched = watch_all(*charge);
  if (watched.ok()) {
    charges_.push_back(std::move(charge));
  } else {
    forget(*charge);
  }
  poller_.wake();  // to look after the new one; or to end if there is none
  return watched;
}

void Service::tend(const std::shared_ptr<Steward>& steward) {
  const std::scoped_lock hold(lock_);
  for (const auto& charge : charges_)
    if (charge->steward == steward) tend(*charge, now_ns());
  poller_.wake();  // its next look may be sooner now
}

Status Service::watch(Charge& charge, int fd) {
  const uint64_t name = BCCL_TRY(poller_.watch(fd, [&charge] { charge.due = true; }));
  charge.watches[fd] = {name, false};
  return {};
}

Status Service::watch_all(Charge& charge) {
  BCCL_TRY(watch(charge, charge.steward->bell()));
  for (const Link& link : charge.steward->links()) {
    BCCL_TRY(watch(charge, link.messages_socket()));
    BCCL_TRY(watch(charge, link.life_socket()));
  }
  return {};
}

void Service::forget(Charge& charge) {
  for (const auto& [fd, watch] : charge.watches) poller_.forget(watch.name);
  charge.watches.clear();
}

void Service::tend(Charge& charge, int64_t now) {
  Steward& steward = *charge.steward;
  charge.due = false;
  wait_for_ring(steward.bell(), 0);
  steward.tend(now);
  for (Link& link : steward.links()) {
    Watch& watch = charge.watches[link.messages_socket()];
    if (link.loss() != Loss::none) {
      for (const int fd : {link.messages_socket(), link.life_socket()}) {
        poller_.forget(charge.watches[fd].name);
        charge.watches.erase(fd);
      }
    } else if (link.wants_to_write() != watch.writing) {
      watch.writing = !watch.writing;
      const auto interest = watch.writing ? Poller::Interest::reading_and_writing : Poller::Interest::reading;
      const Status changed = poller_.change(watch.name, interest);
      if (!changed.ok()) log(LogLevel::warn, "{}", changed.sentence());
    }
  }
  steward.drop_lost_links();
}

int64_t Service::time_to_sleep_ms() const {
  int64_t next = std::numeric_limits<int64_t>::max();
  for (const auto& charge : charges_) next = std::min(next, charge->steward->next_look_ns());
  if (next == std::numeric_limits<int64_t>::max()) return -1;
  const int64_t left = next - now_ns();
  return left > 0 ? left / 1'000'000 + 1 : 0;
}

void Service::run() {
  int64_t sleep_ms = 0;
  while (true) {
    const Status waited = poller_.wait(sleep_ms);
    const std::scoped_lock hold(lock_);
    poller_.dispatch();
    const int64_t now = now_ns();
    for (const auto& charge : charges_)
      if (charge->due || now >= charge->steward->next_look_ns()) tend(*charge, now);
    if (!waited.ok()) log(LogLevel::warn, "{}", waited.sentence());
    std::erase_if(charges_, [&](const auto& charge) {
      const bool over = charge->steward->over() || !waited.ok();
      if (over) forget(*charge);
      return over;
    });
    if (charges_.empty()) {
      poller_.close();
      running_ = false;
      return;
    }
    sleep_ms = time_to_sleep_ms();
  }
}

}  // namespace bccl::control
