// The stages' votes against scikit-learn's KNeighborsClassifier, through tools/knn_parity.py.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>

#include "policy/knn_votes.h"
#include "policy/policies.h"
#include "support/run_python.h"

namespace triage {
namespace {

class KnnParity : public ::testing::TestWithParam<std::size_t> {
 protected:
  void expect_parity(std::size_t n, std::size_t d, int k, unsigned steps) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < d; ++i) names.push_back("feature" + std::to_string(i));
    PremodelParameters model;
    model.k = k;
    model.n_stages = 3;
    model.minimum.assign(d, 0);
    model.maximum.assign(d, 1);
    model.rows = testing::random_rows(n, d, n + d, steps);
    Random random(n);
    for (std::size_t i = 0; i < n; ++i) {
      model.optimum.push_back(static_cast<ModelIndex>(random.below(4)) - 1);
      model.ids.push_back("input" + std::to_string(i));
    }
    model.choosers = paper_choosers(model);
    const auto policy = make_premodel(testing::info_of({"a", "b", "c"}, names), model);
    const auto folder = std::filesystem::path(::testing::TempDir()) /
                        ("knn_parity_" + std::to_string(n) + "_" + std::to_string(GetParam()));
    testing::write_votes(dynamic_cast<const Premodel&>(*policy), GetParam(), folder);
    const auto ran = testing::run_script(TRIAGE_PYTHON, "knn_parity.py", folder);
    std::filesystem::remove_all(folder);
    if (ran.exit_code == testing::kNoSklearn) GTEST_SKIP() << ran.output;
    EXPECT_EQ(ran.exit_code, 0) << ran.output;
    std::fputs(ran.output.c_str(), stdout);
  }
};

TEST_P(KnnParity, OnRandomRows) { expect_parity(2000, 7, 5, 0); }
// A coarse grid in two dimensions: many equal rows, and ties wherever one looks.
TEST_P(KnnParity, OnDuplicatedRows) { expect_parity(1500, 2, 5, 60); }
TEST_P(KnnParity, WithManyNeighbours) { expect_parity(1001, 3, 31, 0); }

INSTANTIATE_TEST_SUITE_P(Folds, KnnParity, ::testing::Values(0U, 10U));

}  // namespace
}  // namespace triage
