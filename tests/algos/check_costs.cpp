#include "check_costs.h"

#include <catch2/catch.hpp>

#include "plan_cost.h"
#include "shapes.h"

namespace bccl {

void check_costs(Collective collective, const char* algorithm, const Shape& shape, const Costs& expected) {
  const Algorithm* found = find_algorithm(collective, algorithm);
  INFO(name_of(collective) << " " << algorithm << ", " << shape.channels << " channels, " << describe(shape));
  REQUIRE(found != nullptr);
  const std::vector<Plan> plans = build_all(*found, shape);
  const PlanCost cost = cost_of(plans);
  CHECK(cost.steps == expected.steps);
  CHECK(cost.hops == expected.hops);
  CHECK(cost.messages_sent == expected.messages);
  CHECK(data_sent(plans) == Approx(expected.data));
}

}  // namespace bccl
