#include "api/creation.h"

#include <system_error>
#include <thread>
#include <utility>

#include "api/handle.h"
#include "base/quiet_thread.h"

namespace bccl {
namespace {

/// Creation is collective, so every rank needs a thread for its length; the first has the calling one.
std::vector<Made> make_side_by_side(std::vector<Creation>& creations) {
  std::vector<Made> made;
  for (size_t i = 0; i < creations.size(); ++i) made.emplace_back(std::unique_ptr<Communicator>());
  std::vector<std::thread> others;
  try {
    for (size_t i = 1; i < creations.size(); ++i) others.emplace_back([&, i] { made[i] = creations[i].make(); });
  } catch (const std::system_error& error) {  // those without a thread leave, which ends the others' creation
    const size_t without = others.size() + 1;
    made[without] = fail_errno(error.code().value(), "cannot start a thread to make a communicator");
    creations.resize(without);
  }
  made[0] = creations[0].make();
  for (std::thread& other : others) other.join();
  return made;
}

Status make_and_wait(std::vector<Creation> creations) {
  if (creations.empty()) return {};
  std::vector<Made> made = make_side_by_side(creations);
  for (Made& one : made)
    if (!one.ok()) return std::move(one).take_error();
  for (size_t i = 0; i < made.size(); ++i) *creations[i].comm = open_handle(std::move(made[i]).value());
  return {};
}

void begin(Creation creation) {
  const bcclComm_t handle = *creation.comm = reserve_handle();
  // Where it runs says where the rank is.
  Status started = start_stand_in("bccl-create", [handle, make = std::move(creation.make)] { fulfil(handle, make()); });
  if (!started.ok()) fulfil(handle, std::move(started).take_error());
}

}  // namespace

Status make_all(std::vector<Creation> creations) {
  std::vector<Creation> awaited;
  for (Creation& creation : creations) {
    if (creation.nonblocking)
      begin(std::move(creation));
    else
      awaited.push_back(std::move(creation));
  }
  const bool all_awaited = awaited.size() == creations.size();
  BCCL_TRY(make_and_wait(std::move(awaited)));
  return all_awaited ? Status() : Status(fail(Code::in_progress, "begun"));
}

}  // namespace bccl
