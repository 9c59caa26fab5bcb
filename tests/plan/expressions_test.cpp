#include "plan/expressions.h"

#include <catch2/catch.hpp>

namespace bccl {
namespace {

ExpressionId sum(Expressions& expressions, std::vector<ExpressionId> inputs) {
  return expressions.combine(inputs);
}

}  // namespace

TEST_CASE("equal expressions have one number, others have others") {
  Expressions all(3, 2);
  const ExpressionId ab = sum(all, {all.leaf(0, 0), all.leaf(1, 0)});
  CHECK(ab == sum(all, {all.leaf(0, 0), all.leaf(1, 0)}));
  CHECK(ab != sum(all, {all.leaf(1, 0), all.leaf(0, 0)}));
  CHECK(ab != sum(all, {all.leaf(0, 1), all.leaf(1, 1)}));
  const ExpressionId nested = sum(all, {ab, all.leaf(2, 0)});
  CHECK(nested != sum(all, {all.leaf(0, 0), all.leaf(1, 0), all.leaf(2, 0)}));
}

TEST_CASE("an expression is full with every rank's contribution once") {
  Expressions all(3, 1);
  const ExpressionId ab = sum(all, {all.leaf(0, 0), all.leaf(1, 0)});
  const ExpressionId abc = sum(all, {ab, all.leaf(2, 0)});
  const ExpressionId abb = sum(all, {ab, all.leaf(1, 0)});
  const ExpressionId twice = sum(all, {abc, abc});
  for (const ExpressionId wrong : {all.leaf(0, 0), ab, abb, twice}) {
    CHECK_FALSE(all.full(wrong));
    CHECK_FALSE(all.probably_full(wrong));
  }
  CHECK(all.full(abc));
  CHECK(all.probably_full(abc));
}

TEST_CASE("the fault of an expression is the first contribution that is not there once") {
  Expressions all(3, 1);
  const ExpressionId ab = sum(all, {all.leaf(0, 0), all.leaf(1, 0)});
  const ExpressionId abc = sum(all, {ab, all.leaf(2, 0)});
  CHECK(all.fault(ab) == "lacks the contribution of rank 2");
  CHECK(all.fault(sum(all, {abc, all.leaf(1, 0)})) == "holds the contribution of rank 1 2 times");
  CHECK(all.fault(abc) == "");
}

TEST_CASE("doubling a value a hundred times costs a hundred expressions") {
  Expressions all(2, 1);
  ExpressionId value = all.leaf(0, 0);
  for (int times = 0; times < 100; ++times) value = sum(all, {value, value});
  CHECK_FALSE(all.full(value));
  CHECK(all.fault(value) == "holds the contribution of rank 0 4294967296 times");
  CHECK(all.text(value).size() < 200);
}

TEST_CASE("an expression is written with its order and its roundings") {
  Expressions all(4, 1);
  const ExpressionId inner = sum(all, {all.leaf(2, 0), all.leaf(1, 0)});
  CHECK(all.text(sum(all, {all.leaf(0, 0), inner, all.leaf(3, 0)})) == "(0+(2+1)+3)");
}

TEST_CASE("expressions stay distinct when there are very many") {
  Expressions all(2000, 1);
  std::vector<ExpressionId> made;
  for (Rank a = 0; a + 1 < 2000; ++a) made.push_back(sum(all, {all.leaf(a, 0), all.leaf(a + 1, 0)}));
  for (Rank a = 0; a + 1 < 2000; ++a)
    CHECK(sum(all, {all.leaf(a, 0), all.leaf(a + 1, 0)}) == made[static_cast<size_t>(a)]);
}

}  // namespace bccl
