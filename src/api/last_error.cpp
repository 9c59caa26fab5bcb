#include "api/last_error.h"

#include "api/handle.h"
#include "base/log.h"

namespace bccl {
namespace {

thread_local std::string thread_sentence;  // NOLINT: one a thread is the point

}  // namespace

bcclResult_t report(Status status, bcclComm_t comm) {
  if (status.ok()) return bcclSuccess;
  if (status.code() == Code::in_progress) return bcclInProgress;  // no error
  thread_sentence = status.sentence();
  if (auto communicator = hold(comm); communicator.ok()) {
    const std::scoped_lock locked(communicator.value()->last_error_lock);
    communicator.value()->last_error = status.sentence();
  }
  log(LogLevel::warn, "{}", status.sentence());
  return static_cast<bcclResult_t>(status.code());
}

bcclResult_t repeat(Status status) {
  if (status.ok()) return bcclSuccess;
  thread_sentence = status.sentence();
  return static_cast<bcclResult_t>(status.code());
}

const char* last_error_of(bcclComm_t comm) {
  if (comm == nullptr) return thread_sentence.c_str();
  if (const std::string* failure = creation_failure(comm)) return failure->c_str();
  auto communicator = hold(comm);
  if (!communicator.ok()) return thread_sentence.c_str();
  const std::scoped_lock locked(communicator.value()->last_error_lock);
  return communicator.value()->last_error.c_str();
}

}  // namespace bccl
