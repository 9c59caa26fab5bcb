/// The C entry points of streams and events. The NULL stream is the calling thread's own order: what it is given is done
/// at once, so it is always complete.
#include "api/arguments.h"
#include "api/last_error.h"
#include "api/process_settings.h"
#include "api/stream_handle.h"

namespace bccl {

HandleTable<HostStream>& streams() {
  static auto* const table = new HandleTable<HostStream>("stream");  // outlives every thread
  return *table;
}

HandleTable<Event>& events() {
  static auto* const table = new HandleTable<Event>("event");
  return *table;
}

namespace {

Status create_stream(bcclStream_t* stream) {
  BCCL_TRY(check_pointer(stream, "stream"));
  BCCL_TRY(process_settings());  // so that errors are logged as they say
  *stream = streams().open(HostStream::make());
  return {};
}

Status destroy_stream(bcclStream_t stream) {
  BCCL_TRY(streams().close(stream))->close();
  return {};
}

/// Its own errors are the caller's; those of the stream's work were logged where they happened.
bcclResult_t synchronize_stream(bcclStream_t stream) {
  if (stream == nullptr) return bcclSuccess;
  auto held = streams().hold(stream);
  if (!held.ok()) return report(std::move(held).take_error());
  HostStream& target = **held;
  Status waited = target.run_until(target.end().position);
  if (!waited.ok()) return report(std::move(waited));
  return repeat(target.take_error());
}

bcclResult_t query_stream(bcclStream_t stream) {
  if (stream == nullptr) return bcclSuccess;
  auto held = streams().hold(stream);
  if (!held.ok()) return report(std::move(held).take_error());
  return (*held)->idle() ? repeat((*held)->error()) : bcclInProgress;
}

Status wait_event(bcclStream_t stream, bcclEvent_t event) {
  Point point = BCCL_TRY(events().hold(event))->point();
  if (stream != nullptr) return BCCL_TRY(streams().hold(stream))->follow(std::move(point));
  return point.reached() ? Status{} : point.stream->run_until(point.position);
}

Status launch(bcclStream_t stream, bcclHostFn_t function, void* argument) {
  if (function == nullptr) return fail(Code::invalid_argument, "fn is NULL");
  if (stream != nullptr) return BCCL_TRY(streams().hold(stream))->enqueue(function, argument);
  function(argument);
  return {};
}

Status create_event(bcclEvent_t* event) {
  BCCL_TRY(check_pointer(event, "event"));
  BCCL_TRY(process_settings());
  *event = static_cast<bcclEvent_t>(events().open(std::make_shared<Event>()));
  return {};
}

Status record_event(bcclEvent_t event, bcclStream_t stream) {
  const std::shared_ptr<Event> recorded = BCCL_TRY(events().hold(event));
  recorded->record(stream == nullptr ? Point{} : BCCL_TRY(streams().hold(stream))->end());
  return {};
}

bcclResult_t query_event(bcclEvent_t event) {
  auto held = events().hold(event);
  if (!held.ok()) return report(std::move(held).take_error());
  return (*held)->point().reached() ? bcclSuccess : bcclInProgress;
}

Status destroy_event(bcclEvent_t event) {
  BCCL_TRY(events().close(event));
  return {};
}

}  // namespace
}  // namespace bccl

extern "C" {

bcclResult_t bcclStreamCreate(bcclStream_t* stream) { return bccl::report(bccl::create_stream(stream)); }
bcclResult_t bcclStreamDestroy(bcclStream_t stream) { return bccl::report(bccl::destroy_stream(stream)); }
bcclResult_t bcclStreamSynchronize(bcclStream_t stream) { return bccl::synchronize_stream(stream); }
bcclResult_t bcclStreamQuery(bcclStream_t stream) { return bccl::query_stream(stream); }
bcclResult_t bcclStreamWaitEvent(bcclStream_t stream, bcclEvent_t event) {
  return bccl::report(bccl::wait_event(stream, event));
}
bcclResult_t bcclStreamLaunch(bcclStream_t stream, bcclHostFn_t fn, void* argument) {
  return bccl::report(bccl::launch(stream, fn, argument));
}

bcclResult_t bcclEventCreate(bcclEvent_t* event) { return bccl::report(bccl::create_event(event)); }
bcclResult_t bcclEventDestroy(bcclEvent_t event) { return bccl::report(bccl::destroy_event(event)); }
bcclResult_t bcclEventRecord(bcclEvent_t event, bcclStream_t stream) {
  return bccl::report(bccl::record_event(event, stream));
}
bcclResult_t bcclEventQuery(bcclEvent_t event) { return bccl::query_event(event); }
bcclResult_t bcclEventSynchronize(bcclEvent_t event) { return bccl::report(bccl::wait_event(nullptr, event)); }

}  // extern "C"
