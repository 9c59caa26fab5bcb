/// How the data of each collective lies, and who talks to whom in messages. Pure functions.
#pragma once

#include "tools/bccl/perf/data_layout.h"

namespace bccl::tool {

DataLayout all_reduce_layout(const CallShape& shape);
DataLayout all_gather_layout(const CallShape& shape);
DataLayout reduce_scatter_layout(const CallShape& shape);
DataLayout broadcast_layout(const CallShape& shape);
DataLayout reduce_layout(const CallShape& shape);
DataLayout gather_layout(const CallShape& shape);
DataLayout scatter_layout(const CallShape& shape);
DataLayout all_to_all_layout(const CallShape& shape);
DataLayout all_to_all_v_layout(const CallShape& shape);
DataLayout sendrecv_layout(const CallShape& shape);
DataLayout ping_pong_layout(const CallShape& shape);

/// sendrecv: every rank sends to the next one and receives from the one before, around in a ring.
int next_of(const CallShape& shape);
int previous_of(const CallShape& shape);

/// ping_pong: ranks 0 and 1, 2 and 3 …; -1 for the last of an odd number, which has none.
int partner_of(const CallShape& shape);

}  // namespace bccl::tool
