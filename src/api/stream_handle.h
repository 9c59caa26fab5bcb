/// What bcclStream_t and bcclEvent_t point to.
#pragma once

#include "api/handle_table.h"
#include "stream/event.h"
#include "stream/host_stream.h"

namespace bccl {

HandleTable<HostStream>& streams();
HandleTable<Event>& events();

}  // namespace bccl
