#include "api/creation.h"

#include <system_error>
#include <thread>
#include <utility>

#include "api/handle.h"

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

}  // namespace

Status make_all(std::vector<Creation> creations) {
  if (creations.empty()) return {};
  std::vector<Made> made = make_side_by_side(creations);
  for (Made& one : made)
    if (!one.ok()) return std::move(one).take_error();
  for (size_t i = 0; i < made.size(); ++i) *creations[i].comm = open_handle(std::move(made[i]).value());
  return {};
}

}  // namespace bccl
