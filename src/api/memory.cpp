/// Memory that peers can map, and its registration; what communicators use themselves.
#include "api/arguments.h"
#include "api/grouping.h"
#include "api/handle.h"
#include "api/last_error.h"
#include "api/process_settings.h"
#include "base/log.h"
#include "comm/placement.h"
#include "memory/allocations.h"

namespace bccl {
namespace {

Status allocate(void** memory, size_t bytes) {
  BCCL_TRY(check_pointer(memory, "ptr"));
  *memory = nullptr;
  if (bytes == 0) return {};
  const Settings settings = BCCL_TRY(process_settings());
  *memory = BCCL_TRY(allocate_shared(bytes, memory_node_here(settings)));
  return {};
}

Status free_memory(void* memory) { return memory == nullptr ? Status{} : free_shared(memory); }

/// The allocation that all these bytes lie in, or null.
std::shared_ptr<const Allocation> allocation_of(const void* buffer, size_t bytes) {
  Neighbourhood around = find_allocation(buffer);
  return bytes <= around.end - reinterpret_cast<uintptr_t>(buffer) ? std::move(around.allocation) : nullptr;
}

Status register_buffer(bcclComm_t comm, void* buffer, size_t bytes, void** handle) {
  BCCL_TRY(check_pointer(handle, "handle"));
  *handle = nullptr;
  BCCL_TRY(check_pointer(buffer, "buff"));
  if (bytes == 0) return fail(Code::invalid_argument, "size is 0; a buffer to register has 1 byte or more");
  const Stay stay = BCCL_TRY(Stay::enter(comm));
  Communicator& communicator = stay.communicator();
  const std::span memory(static_cast<const std::byte*>(buffer), bytes);
  auto made = std::make_unique<Registration>(allocation_of(buffer, bytes), communicator.identity());
  if (!made->has_effect())
    log(LogLevel::info, "{}: registering {} bytes at {} has no effect: they are not of bcclMemAlloc", communicator.identity(),
        bytes, buffer);
  else if (communicator.stream_calls.pending())
    communicator.stream_calls.hint(memory);
  else
    communicator.expect(memory);
  const std::scoped_lock locked(comm->lock);
  *handle = made.get();
  comm->registrations[made.get()] = std::move(made);
  return {};
}

Status deregister(bcclComm_t comm, void* handle) {
  BCCL_TRY(hold(comm));
  const std::scoped_lock locked(comm->lock);
  if (comm->registrations.erase(handle) == 0)
    return fail(Code::invalid_argument, "handle {} was not made by bcclCommRegister for this communicator, or is deregistered",
                handle);
  return {};
}

Status suspend(bcclComm_t comm, int flags) {
  if (flags != BCCL_SUSPEND_MEM)
    return fail(Code::invalid_argument, "flags is {}: there is BCCL_SUSPEND_MEM ({}) only", flags, BCCL_SUSPEND_MEM);
  return BCCL_TRY(Stay::enter(comm)).communicator().suspend();
}

Status resume(bcclComm_t comm) { return BCCL_TRY(Stay::enter(comm)).communicator().resume(); }

Status memory_stats(bcclComm_t comm, bcclCommMemStat_t stat, uint64_t* value) {
  BCCL_TRY(check_pointer(value, "value"));
  const Stay stay = BCCL_TRY(Stay::enter_any(comm));
  const Communicator& communicator = stay.communicator();
  const Endpoint::Memory memory = communicator.memory();
  switch (stat) {
    case bcclStatMemSuspend: *value = memory.staging; return {};
    case bcclStatMemSuspended: *value = communicator.suspended() ? 1 : 0; return {};
    case bcclStatMemPersist: *value = memory.touched - memory.staging; return {};
    case bcclStatMemTotal: *value = memory.touched; return {};
    case bcclStatMemReserved: *value = memory.reserved; return {};
  }
  return fail(Code::invalid_argument, "stat {} is unknown; known are 0 … {}", static_cast<int>(stat), int(bcclStatMemReserved));
}

}  // namespace
}  // namespace bccl

extern "C" {

bcclResult_t bcclMemAlloc(void** ptr, size_t size) { return bccl::report(bccl::allocate(ptr, size)); }
bcclResult_t bcclMemFree(void* ptr) { return bccl::report(bccl::free_memory(ptr)); }

bcclResult_t bcclCommRegister(const bcclComm_t comm, void* buff, size_t size, void** handle) {
  return bccl::report(bccl::register_buffer(comm, buff, size, handle), comm);
}
bcclResult_t bcclCommDeregister(const bcclComm_t comm, void* handle) {
  return bccl::report(bccl::deregister(comm, handle), comm);
}

bcclResult_t bcclCommSuspend(bcclComm_t comm, int flags) { return bccl::report(bccl::suspend(comm, flags), comm); }
bcclResult_t bcclCommResume(bcclComm_t comm) { return bccl::report(bccl::resume(comm), comm); }
bcclResult_t bcclCommMemStats(bcclComm_t comm, bcclCommMemStat_t stat, uint64_t* value) {
  return bccl::report(bccl::memory_stats(comm, stat, value), comm);
}

}  // extern "C"
