// What training a premodel's choosers costs on 45,000 rows of 7 features, the training part of a fold of
// 50,000: hyper-parameter search included, and the tree alone. Labels are noisy, as real ones are: such rows
// make support vectors.
#include <benchmark/benchmark.h>

#include <vector>

#include "base/hash.h"
#include "learn/premodel/distance_limit.h"
#include "learn/premodel/train_chooser.h"
#include "learn/premodel/tree.h"
#include "stats/quantile.h"

namespace {

constexpr std::size_t kRows = 45000;
constexpr std::size_t kFeatures = 7;

triage::OwnedRows noisy_rows(std::size_t n_classes) {
  triage::Random random(1);
  triage::OwnedRows rows{{}, {}, kFeatures, n_classes};
  for (std::size_t i = 0; i < kRows; ++i) {
    for (std::size_t f = 0; f < kFeatures; ++f) rows.values.push_back(static_cast<float>(random.uniform()));
    const double p_first = 0.5 + 0.4 * static_cast<double>(rows.values[i * kFeatures]);
    const bool first = random.uniform() < p_first;
    rows.labels.push_back(first ? 0 : static_cast<std::uint8_t>(1 + random.below(n_classes - 1)));
  }
  return rows;
}

void train_tree(benchmark::State& state) {
  const auto rows = noisy_rows(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(triage::train_tree(rows.view(), {16, 10}));
}
BENCHMARK(train_tree)->Arg(2)->Arg(4)->Unit(benchmark::kMillisecond);

void train(benchmark::State& state, triage::ChooserKind kind) {
  const auto rows = noisy_rows(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(triage::train_chooser(kind, rows.view(), {}));
}
BENCHMARK_CAPTURE(train, knn, triage::ChooserKind::kKnn)->Arg(2)->Arg(4)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(train, tree, triage::ChooserKind::kTree)->Arg(2)->Arg(4)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(train, svm, triage::ChooserKind::kSvm)->Arg(2)->Arg(4)->Unit(benchmark::kMillisecond);

void distance_limit(benchmark::State& state) {
  const auto rows = noisy_rows(2);
  for (auto _ : state) {
    auto distances = triage::leave_one_out_distances(rows.values, kFeatures, 5);
    benchmark::DoNotOptimize(triage::covering_quantile(distances, 0.99));
  }
}
BENCHMARK(distance_limit)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
