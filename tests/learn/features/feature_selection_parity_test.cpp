// The search against the same done with scikit-learn, through tools/feature_selection_reference.py.
#include <gtest/gtest.h>

#include <cstdio>

#include "base/hash.h"
#include "learn/features/feature_selection_files.h"
#include "support/run_python.h"
#include "support/temp_folder.h"

namespace triage {
namespace {

// Labels follow the first two features with noise. Values on a grid of `steps`, 0: none.
EliminationTask make_task(std::size_t n, std::size_t d, std::size_t steps) {
  Random random(n + d + steps);
  EliminationTask task;
  task.rows.d = d;
  for (std::size_t i = 0; i < n; ++i) {
    double sum = 0;
    for (std::size_t f = 0; f < d; ++f) {
      const double value = steps == 0
                               ? random.uniform()
                               : static_cast<double>(random.below(steps + 1)) / static_cast<double>(steps);
      task.rows.values.push_back(static_cast<float>(value));
      sum += f < 2 ? value : 0;
    }
    task.rows.folds.push_back(static_cast<std::int32_t>(random.below(5)));
    const double noisy = sum / 2 + 0.6 * (random.uniform() - 0.5);
    task.labels.push_back(noisy < 0.4 ? 0 : noisy < 0.6 ? 1 : noisy < 0.7 ? kNoModel : 2);
  }
  task.fallback = 2;
  task.cost = [](std::span<const std::size_t> set) { return static_cast<double>(set.front()); };
  return task;
}

void expect_parity(const EliminationTask& task) {
  const testing::TempFolder folder;
  const auto records = eliminate(task, scan_kernels().front(), {});
  const std::vector<std::string> names(task.rows.d, "feature");
  testing::write_elimination(task, names, records, 0, 1, folder.path());
  const auto ran = testing::run_script(TRIAGE_PYTHON, "feature_selection_reference.py", folder.path());
  if (ran.exit_code == testing::kNoSklearn) GTEST_SKIP() << ran.output;
  EXPECT_EQ(ran.exit_code, 0) << ran.output;
  std::fputs(ran.output.c_str(), stdout);
}

TEST(FeatureSelectionParity, OnRandomRows) { expect_parity(make_task(400, 6, 0)); }
// Few values: equal rows, and ties wherever one looks.
TEST(FeatureSelectionParity, OnACoarseGrid) { expect_parity(make_task(400, 4, 6)); }

}  // namespace
}  // namespace triage
