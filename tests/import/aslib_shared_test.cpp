// Real scenarios, where they are there: sizes, and the scores of the single best and the virtual best
// algorithm, computed from the files by a few lines of Python.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "profile/outcomes.h"
#include "support/temp_folder.h"
#include "triage/tools/import_aslib.h"
#include "triage/tools/table.h"

namespace triage {
namespace {

struct KnownScenario {
  std::string name;
  std::size_t instances, algorithms, features, without_features;
  double single_best, virtual_best;  // in the scenario's own numbers
  double tolerance;
};

// In the scenario's own numbers.
std::pair<double, double> best_scores(const Table& table) {
  std::vector<double> sums(table.n_models());
  double best_sum = 0;
  for (std::size_t n = 0; n < table.n_inputs(); ++n) {
    float best = 0;
    for (std::size_t m = 0; m < sums.size(); ++m) {
      const float score = table.scores[table.at(n, static_cast<ModelIndex>(m))];
      sums[m] += static_cast<double>(score);
      best = std::max(best, score);
    }
    best_sum += static_cast<double>(best);
  }
  const auto n_inputs = static_cast<double>(table.n_inputs());
  return {table.terms.shown(*std::max_element(sums.begin(), sums.end()) / n_inputs),
          table.terms.shown(best_sum / n_inputs)};
}

TEST(SharedScenarios, AreImportedWhole) {
  const char* variable = std::getenv("TRIAGE_SHARED");
  const std::filesystem::path shared = variable != nullptr
                                           ? std::filesystem::path(variable)
                                           : std::filesystem::path(TRIAGE_SOURCE_DIR) / "../shared";
  if (!std::filesystem::exists(shared / "aslib")) {
    GTEST_SKIP() << shared / "aslib"
                 << " is absent; set TRIAGE_SHARED";
  }
  const testing::TempFolder folder;
  for (const KnownScenario& known :
       {KnownScenario{"CSP-2010", 2024, 2, 86, 2, 7201.556, 6344.251, 0.05},
        KnownScenario{"MAXSAT12-PMS", 876, 6, 37, 0, 4893.141, 3127.236, 0.05},
        KnownScenario{"OPENML-WEKA-2017", 105, 30, 103, 0, 0.855673, 0.875657, 1e-5}}) {
    SCOPED_TRACE(known.name);
    const std::filesystem::path out = folder / (known.name + ".profile");
    const AslibSummary summary = import_aslib(shared / "aslib" / known.name, {}, out);
    EXPECT_EQ(summary.instances, known.instances);
    EXPECT_EQ(summary.algorithms, known.algorithms);
    EXPECT_EQ(summary.features, known.features);
    EXPECT_EQ(summary.without_features, known.without_features);
    EXPECT_EQ(summary.folds, 10U);
    EXPECT_EQ(summary.missing_cells, 0U);
    const auto [single_best, virtual_best] = best_scores(load_outcomes(out));
    EXPECT_NEAR(single_best, known.single_best, known.tolerance);
    EXPECT_NEAR(virtual_best, known.virtual_best, known.tolerance);
  }
}

}  // namespace
}  // namespace triage
