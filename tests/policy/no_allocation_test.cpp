// Policy::next allocates nothing: every operator new of this program is counted.
#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "policy/policies.h"
#include "support/allocations.h"

namespace triage {
namespace {

using testing::info_of;
using testing::look_of;

// Allocations during all the decisions about one input, from the first question to the answer.
std::size_t allocations_of(const Policy& policy, std::span<const float> missing,
                           std::span<const float> features, std::span<const Look> looks) {
  const std::size_t before = testing::allocations();
  Action action = policy.next({missing, {}, {}});
  action = policy.next({features, {}, {}});
  for (std::size_t n = 1; n <= looks.size(); ++n) action = policy.next({features, looks.first(n), {}});
  const std::size_t after = testing::allocations();
  EXPECT_EQ(action.kind, Action::Kind::kAnswer);
  return after - before;
}

TEST(NoAllocation, CountsAllocations) {
  const std::size_t before = testing::allocations();
  const auto memory = std::make_unique<int>(1);
  EXPECT_GT(testing::allocations(), before);
}

TEST(NoAllocation, InSingleAndCascade) {
  const std::vector<Look> looks{look_of(0, 1, 0.2F), look_of(1, 2, 0.3F), look_of(2, 3, 0.4F)};
  const auto single = make_single(info_of({"a"}), 0);
  const auto cascade = make_cascade(info_of({"a", "b", "c"}), {{0.9, 0.9}});
  EXPECT_EQ(allocations_of(*single, {}, {}, std::span(looks).first(1)), 0U);
  EXPECT_EQ(allocations_of(*cascade, {}, {}, looks), 0U);
  const auto selector = make_selector(info_of({"a", "b", "c"}), {0, {2, 1, 1}, 1});
  EXPECT_EQ(allocations_of(*selector, {}, {}, std::span(looks).first(2)), 0U);
  const auto adaptive = make_adaptive(testing::adaptive_info(), testing::two_stage_adaptive());
  EXPECT_EQ(allocations_of(*adaptive, {}, {}, std::span(looks).first(2)), 0U);
  const auto own = make_adaptive(testing::adaptive_info(), testing::own_adaptive());
  EXPECT_EQ(allocations_of(*own, {}, {}, std::span(looks).first(2)), 0U);
}

TEST(NoAllocation, InPremodelsOfEveryDimension) {
  for (const std::size_t d : {1U, 7U, 10U, 16U, 24U, 64U}) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < d; ++i) names.push_back("feature" + std::to_string(i));
    PremodelParameters model;
    model.k = d == 7 ? 63 : 5;
    model.n_stages = 2;
    model.fallback = 0;
    model.minimum.assign(d, 0);
    model.maximum.assign(d, 1);
    model.rows = testing::random_rows(500, d, d);
    for (int i = 0; i < 500; ++i) {
      model.optimum.push_back(i % 3 - 1);
      model.ids.push_back("input" + std::to_string(i));
    }
    model.choosers = paper_choosers(model);
    const auto policy = make_premodel(info_of({"a", "b"}, names), model);
    const std::vector<float> missing(d, std::numeric_limits<float>::quiet_NaN());
    const auto features = testing::random_rows(1, d, 9);
    const std::vector<Look> looks{look_of(0, 1, 0.2F)};
    EXPECT_EQ(allocations_of(*policy, missing, features, looks), 0U) << d << " features";
  }
}

TEST(NoAllocation, InEveryKindOfChooser) {
  const std::vector<float> missing{std::numeric_limits<float>::quiet_NaN()};
  const std::vector<Look> looks{look_of(0, 1, 0.2F)};
  for (const auto& model : {testing::mixed_premodel(), testing::line_multiclass(0),
                            testing::bare_premodel(PremodelForm::kMulticlass, 2, {testing::line_tree(2)}),
                            testing::bare_premodel(PremodelForm::kMulticlass, 2, {testing::line_svm()})}) {
    const auto policy = make_premodel(info_of({"a", "b", "c"}, {"x"}), model);
    for (const float x : {1.0F, 5.0F, 9.0F, 99.0F}) {
      EXPECT_EQ(allocations_of(*policy, missing, std::array{x}, looks), 0U);
    }
  }
}

}  // namespace
}  // namespace triage
