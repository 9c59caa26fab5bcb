/// What calls are executed by: found once for every kind of call, then kept. Kinds differ in collective, root, count, type
/// and operation; of variable or weighted calls the counts and weights of the last one are kept.
/// Owned by a communicator; one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "base/settings.h"
#include "base/status.h"
#include "comm/call.h"
#include "comm/trial_reports.h"
#include "exec/bound_plan.h"
#include "exec/operation.h"
#include "exec/store_trial.h"
#include "node/board.h"
#include "transport/transport.h"
#include "tuner/choice.h"

namespace bccl {

/// What ranks tell each other of a call; sequence and plan apart.
CallRecord record_of(const Call& call);

struct Prepared {
  Recipe recipe;
  CallRecord record = {};   ///< Without a sequence. The plan's hash is also of counts and weights that all ranks know.
  uint64_t kind = no_kind;  ///< By which this rank's board knows the record.
  uint32_t signature = 0;   ///< Of the record.
  StoreTrial stores = StoreTrial::none(Stores::cached);

  Blocks source = {};                ///< Of the last variable call …
  Blocks target = {};
  std::vector<uint32_t> weights = {};///< … or weighted one.
};

class Recipes {
 public:
  struct Place {
    Rank rank = 0;
    Facts facts;
    Settings settings;
    Isa isa = Isa::scalar;
  };
  Recipes(Endpoint& endpoint, Node& node, Place place)
      : endpoint_(endpoint), place_(std::move(place)), reports_(node) {}

  /// Valid until the next find().
  Result<Prepared*> find(const Call& call);

  /// The call that was found last is done, number `call` of the communicator; its work took so long, if it was timed.
  void took(int64_t work_ns, uint64_t call) {
    if (!last_->stores.is_none() && last_->stores.took(work_ns)) reports_.tell(last_->stores, call);
    if (!reports_.empty()) [[unlikely]] reports_.decide(call);
  }

 private:
  struct Key {
    size_t count;
    Rank root;
    DataType type;
    ReduceOp op;
    Collective collective;
    bool variable;
    bool weighted;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const {
      const auto kind = size_t(key.type) << 8 | size_t(key.op) << 16 | size_t(key.collective) << 24;
      return (key.count ^ (kind | size_t(key.root)) << 32) * 0x9E3779B97F4A7C15ULL;
    }
  };

  bool same_blocks(const Prepared& prepared, const Call& call) const;
  Result<Prepared*> prepare(const Key& key, const Call& call);
  Geometry geometry_of(const Prepared& made, const Call& call, size_t slice_bytes) const;
  StoreTrial stores_for(size_t bytes) const;
  Result<const BoundPlan*> bound(const Choice& choice);

  Endpoint& endpoint_;
  const Place place_;
  std::map<std::tuple<const Algorithm*, int, int, Rank>, std::unique_ptr<BoundPlan>> bound_plans_;
  std::unordered_map<Key, std::unique_ptr<Prepared>, KeyHash> recipes_;
  Key last_key_{};
  Prepared* last_ = nullptr;
  TrialReports reports_;
};

}  // namespace bccl
