// 10-fold cross-validation of the paper's premodel on 50,000 inputs x 7 features with 8 models, in one
// thread: training and choosing, as `triage evaluate` does them. With --export the same data is written for
// tools/premodel_cv_reference.py, which does it with scikit-learn:
//   build/release/bench/premodel_cv_bench --export DIR && /usr/bin/python3 tools/premodel_cv_reference.py DIR
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <vector>

#include "base/hash.h"
#include "triage/clock.h"
#include "triage/tools/evaluate.h"
#include "triage/tools/learn.h"

namespace {

using namespace triage;

constexpr std::size_t kModels = 8;

double normal(Random& random) {
  const double u = std::max(random.uniform(), 1e-12);
  return std::sqrt(-2 * std::log(u)) * std::cos(6.283185307179586 * random.uniform());
}

// Models of rising cost and skill on inputs of rising difficulty, at which each feature hints a little.
Table make_table(std::size_t n) {
  Random random(1);
  Table table;
  table.n_classes = 10;
  table.machine = "made up";
  table.schema = make_schema(paper_features());
  for (std::size_t m = 0; m < kModels; ++m) {
    TableModel& model = table.models.emplace_back();
    model.name = fmt::format("model{}", m);
    model.fingerprint = fmt::format("print{}", m);
    model.recipe = "recipe";
    table.recipe_of.push_back(0);
  }
  for (std::size_t i = 0; i < n; ++i) {
    table.ids.push_back(fmt::format("input{}", i));
    table.labels.push_back(static_cast<Label>(random.below(10)));
    table.preprocess_ms.push_back(0.001F);
    table.decode_ms.push_back(0);
    const double difficulty = normal(random);
    for (std::size_t m = 0; m < kModels; ++m) {
      const bool right = 0.5 + 0.25 * static_cast<double>(m) + 0.5 * normal(random) > difficulty;
      table.ranks.push_back(right ? 1 : 2);
      table.outputs.emplace_back();
      table.infer_ms.push_back(static_cast<float>(0.01 * std::pow(2.0, static_cast<double>(m))));
    }
    for (std::size_t f = 0; f < table.schema.size(); ++f) {
      table.features.push_back(static_cast<float>(normal(random) + 0.3 * difficulty));
    }
    for (std::size_t g = 0; g < feature_nodes().size(); ++g) table.node_ms.push_back(0.002F);
  }
  return table;
}

template <class Value>
void write_binary(const std::filesystem::path& path, const std::vector<Value>& values) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(Value)));
}

// What each input's premodel ran, shape (n), and the seconds that it took.
struct CvResult {
  std::vector<std::int32_t> chosen;
  double seconds = 0;
};

CvResult cross_validate_premodel(const Table& table, std::span<const std::int32_t> fold_of, int folds,
                                 double theta) {
  PremodelOptions options;
  options.theta = theta;
  Replay replay = make_replay("premodel", table.n_inputs());
  const std::int64_t start = steady_clock().now_ns();
  for (int fold = 0; fold < folds; ++fold) {
    std::vector<std::uint32_t> train, test;
    for (std::uint32_t i = 0; i < fold_of.size(); ++i) (fold_of[i] == fold ? test : train).push_back(i);
    const TrainedPremodel trained = train_premodel(table, train, {}, options);
    replay_policy(table, test, *trained.policy, steady_clock(), replay);
  }
  return {replay.model, static_cast<double>(steady_clock().now_ns() - start) * 1e-9};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("10-fold cross-validation of KNN.KNN.KNN");
  std::size_t n = 50'000;
  int folds = 10;
  double theta = 0.005;
  std::string out;
  app.add_option("--rows", n, "inputs")->capture_default_str();
  app.add_option("--export", out, "folder for tools/premodel_cv_reference.py");
  CLI11_PARSE(app, argc, argv);
  const Table table = make_table(n);
  const auto fold_of = make_folds(table, folds, 0);
  CvResult best;
  for (int run = 0; run < 3; ++run) {
    CvResult result = cross_validate_premodel(table, fold_of, folds, theta);
    fmt::print("run {}: {:.3f} s\n", run + 1, result.seconds);
    if (best.chosen.empty() || result.seconds < best.seconds) best = std::move(result);
  }
  fmt::print("{} inputs x {} features, {} models, {} folds: {:.3f} s at best, one thread\n", n,
             table.schema.size(), kModels, folds, best.seconds);
  if (out.empty()) return 0;
  const std::filesystem::path folder(out);
  std::filesystem::create_directories(folder);
  write_binary(folder / "features.f32", table.features);
  write_binary(folder / "ranks.i32", table.ranks);
  write_binary(folder / "infer_ms.f32", table.infer_ms);
  write_binary(folder / "folds.i32", fold_of);
  write_binary(folder / "chosen.i32", best.chosen);
  std::ofstream(folder / "info.txt") << fmt::format("{} {} {} {} {} {}\n", n, table.schema.size(), kModels,
                                                    folds, theta, best.seconds);
}
