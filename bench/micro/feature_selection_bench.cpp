// What one feature search costs: greedy elimination of 17 features down to 7 over 50,000 rows in 10 inner
// folds, seconds on the wall, with the kernel and threads that are asked for.
//
//   feature_selection_bench                        # synthetic rows, the size that docs/design.md speaks of
//   feature_selection_bench --profile P.profile --rows 2000 --threads 1 --export FOLDER
//   tools/feature_selection_reference.py FOLDER    # the same search by scikit-learn: decisions, ratio of
//   times
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <exception>
#include <numeric>
#include <thread>

#include "base/hash.h"
#include "learn/features/elimination_task.h"
#include "learn/features/feature_selection_files.h"
#include "triage/tools/profile.h"

namespace {

struct Arguments {
  std::string profile, kernel, folder;
  std::size_t rows = 50000, features = 17, end = 7;
  int folds = 10;
  unsigned threads = std::max(1U, std::thread::hardware_concurrency());
};

// Half of each feature is uniform, half lies close to a few values, as real ones do; labels follow the first
// three features with much noise.
triage::SelectionTask synthetic(const Arguments& arguments) {
  triage::Random random(1);
  triage::SelectionTask task;
  triage::EliminationTask& search = task.elimination;
  search.rows.d = arguments.features;
  for (std::size_t i = 0; i < arguments.rows; ++i) {
    search.rows.folds.push_back(static_cast<std::int32_t>(i % static_cast<std::size_t>(arguments.folds)));
    double sum = 0;
    for (std::size_t f = 0; f < arguments.features; ++f) {
      const double uniform = random.uniform();
      const double value =
          random.below(2) == 0 ? uniform : 0.2 * static_cast<double>(random.below(5)) + 0.05 * uniform;
      search.rows.values.push_back(static_cast<float>(value));
      sum += f < 3 ? value : 0;
    }
    const double noisy = sum / 3 + random.uniform() - 0.5;
    search.labels.push_back(noisy < 0.55 ? 0 : noisy < 0.7 ? 1 : noisy < 0.8 ? 2 : triage::kNoModel);
  }
  search.fallback = 2;
  for (std::size_t f = 0; f < arguments.features; ++f) task.names.push_back(fmt::format("feature{}", f));
  search.cost = [](std::span<const std::size_t> set) { return static_cast<double>(set.size()); };
  search.stop_at = arguments.end;
  return task;
}

triage::SelectionTask from_profile(const Arguments& arguments) {
  const std::vector<std::filesystem::path> paths{arguments.profile};
  const triage::Table table = triage::load_table(paths);
  std::vector<std::uint32_t> rows(table.n_inputs());
  std::iota(rows.begin(), rows.end(), 0U);
  triage::FeatureSelectionOptions options;
  options.max_rows = arguments.rows;
  options.folds = arguments.folds;
  options.n_features = arguments.end;
  return triage::prepare_selection(table, rows, options);
}

const triage::ScanKernel& find_kernel(const std::string& name) {
  const auto kernels = triage::scan_kernels();
  if (name.empty()) return kernels.front();
  const auto found =
      std::find_if(kernels.begin(), kernels.end(), [&](const auto& k) { return k.name == name; });
  if (found == kernels.end())
    throw std::runtime_error("kernel '" + name + "' does not run on this processor");
  return *found;
}

void run(const Arguments& arguments) {
  const triage::SelectionTask task =
      arguments.profile.empty() ? synthetic(arguments) : from_profile(arguments);
  const triage::ScanKernel& kernel = find_kernel(arguments.kernel);
  const auto start = std::chrono::steady_clock::now();
  const auto records = eliminate(task.elimination, kernel, {arguments.threads, {}, nullptr});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  for (const auto& record : records) {
    fmt::print("{:>3} features: {:.4f} right{}\n", record.features.size(),
               static_cast<double>(record.n_right) / static_cast<double>(task.elimination.rows.n()),
               record.removed == SIZE_MAX ? "" : ", without " + task.names[record.removed]);
  }
  fmt::print("{} rows x {} features down to {}, k {}, {} folds, {} kernel, {} threads: {:.2f} s\n",
             task.elimination.rows.n(), task.elimination.rows.d, records.back().features.size(),
             task.elimination.k, arguments.folds, kernel.name, arguments.threads, seconds);
  if (arguments.folder.empty()) return;
  triage::testing::write_elimination(task.elimination, task.names, records, seconds, arguments.threads,
                                     arguments.folder);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"Times one feature search"};
  app.add_option("--profile", arguments.profile, "search on this profile instead of synthetic rows");
  app.add_option("--rows", arguments.rows)->capture_default_str();
  app.add_option("--features", arguments.features, "of the synthetic rows")->capture_default_str();
  app.add_option("--end", arguments.end, "features to end with")->capture_default_str();
  app.add_option("--folds", arguments.folds)->capture_default_str();
  app.add_option("--threads", arguments.threads)->capture_default_str();
  app.add_option("--kernel", arguments.kernel, "avx512, avx2 or baseline; default the fastest");
  app.add_option("--export", arguments.folder, "write it for tools/feature_selection_reference.py");
  CLI11_PARSE(app, argc, argv);
  try {
    run(arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "feature_selection_bench: {}\n", error.what());
    return 1;
  }
  return 0;
}
