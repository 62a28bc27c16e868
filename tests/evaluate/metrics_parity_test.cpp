// Macro precision, recall and F1 against scikit-learn's.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/hash.h"
#include "evaluate/metrics.h"

namespace triage {
namespace {

constexpr int kNoSklearn = 77;

constexpr const char* kScript = R"py(
import json, sys
try:
    from sklearn.metrics import precision_recall_fscore_support as prf
except ImportError:
    sys.exit(77)
data = json.load(open(sys.argv[1]))
p, r, f, _ = prf(data["labels"], data["predicted"], labels=sorted(set(data["labels"])), average="macro",
                 zero_division=0)
print(p, r, f)
)py";

struct Ran {
  int exit_code = -1;
  double precision = 0, recall = 0, f1 = 0;
};

Ran run_sklearn(const std::filesystem::path& folder) {
  const std::string command = std::string("'" TRIAGE_PYTHON "' '") + (folder / "prf.py").string() + "' '" +
                              (folder / "data.json").string() + "'";
  Ran ran;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return ran;
  const int read = std::fscanf(pipe, "%lf %lf %lf", &ran.precision, &ran.recall, &ran.f1);
  const int status = pclose(pipe);
  ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  if (ran.exit_code == 0 && read != 3) ran.exit_code = -1;
  return ran;
}

TEST(MetricsParity, PrecisionRecallF1) {
  constexpr std::int32_t kClasses = 30;
  Random random(5);
  std::vector<Label> labels;
  std::vector<std::int32_t> predicted;
  for (int i = 0; i < 400; ++i) {
    // Some classes have no inputs, some are never answered, some inputs are refused (-1).
    labels.push_back(static_cast<Label>(random.below(22)));
    predicted.push_back(random.uniform() < 0.6 ? labels.back() : static_cast<Label>(random.below(31)) - 1);
    if (predicted.back() == 3) predicted.back() = 29;
  }
  const auto folder = std::filesystem::path(::testing::TempDir()) / "triage_metrics_parity";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "prf.py") << kScript;
  std::ofstream(folder / "data.json") << nlohmann::json{{"labels", labels}, {"predicted", predicted}};
  const Ran ran = run_sklearn(folder);
  std::filesystem::remove_all(folder);
  if (ran.exit_code == kNoSklearn) GTEST_SKIP() << "scikit-learn is not installed";
  ASSERT_EQ(ran.exit_code, 0);
  std::vector<std::uint32_t> rows(labels.size());
  std::iota(rows.begin(), rows.end(), 0U);
  const ClassMetrics ours = class_metrics(labels, predicted, rows, kClasses);
  EXPECT_NEAR(ours.precision, ran.precision, 1e-12);
  EXPECT_NEAR(ours.recall, ran.recall, 1e-12);
  EXPECT_NEAR(ours.f1, ran.f1, 1e-12);
  EXPECT_GT(ours.unsupported, 0);
}

}  // namespace
}  // namespace triage
