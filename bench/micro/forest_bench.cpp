// Forests of a table policy: training, and what a choice costs by rows and by one row. Losses depend on some
// of the features and are noisy, so that trees are as deep as trees get. The arguments are rows, models,
// features.
#include <benchmark/benchmark.h>

#include <chrono>
#include <vector>

#include "base/hash.h"
#include "learn/forest/forest.h"
#include "stats/quantile.h"

namespace {

struct NoisyTable {
  std::size_t d, m;
  std::vector<float> features, losses;

  NoisyTable(std::size_t n, std::size_t models, std::size_t columns, std::uint64_t seed)
      : d(columns), m(models) {
    triage::Random random(seed);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < d; ++j) features.push_back(static_cast<float>(random.uniform()));
      for (std::size_t j = 0; j < m; ++j) {
        const double signal = static_cast<double>(features[i * d + j % d] * features[i * d + (j + 1) % d]);
        losses.push_back(static_cast<float>(0.5 * signal + 0.5 * random.uniform()));
      }
    }
  }
};

NoisyTable table_of(const benchmark::State& state, std::uint64_t seed) {
  return {static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)),
          static_cast<std::size_t>(state.range(2)), seed};
}

triage::TrainedForests trained(const NoisyTable& table) {
  return triage::train_forests({table.features, table.d, table.losses, table.m, {}, {}}, {});
}

void train_forests(benchmark::State& state) {
  const NoisyTable table = table_of(state, 1);
  for (auto _ : state) benchmark::DoNotOptimize(trained(table));
}
BENCHMARK(train_forests)->Args({5725, 7, 35})->Unit(benchmark::kSecond)->UseRealTime()->Iterations(1);

// The fourth argument is a place among the kernels for the first levels of trees; the last is none.
void sum_leaves(benchmark::State& state) {
  const triage::Forests forests = trained(table_of(state, 1)).forests;
  const NoisyTable others = table_of(state, 2);
  const std::size_t n = others.losses.size() / others.m, columns = forests.features.n_codes();
  std::vector<std::uint8_t> groups(triage::grouped_size(n, columns));
  for (std::size_t i = 0; i < n; ++i) {
    triage::encode_features(forests.features, std::span(others.features).subspan(i * others.d, others.d),
                            &groups[triage::grouped_row(i, columns)], triage::kGroupRows);
  }
  const auto kernels = triage::tree_top_kernels();
  const auto place = static_cast<std::size_t>(state.range(3));
  const triage::TreeTopKernel* kernel = place < kernels.size() ? &kernels[place] : nullptr;
  state.SetLabel(kernel == nullptr ? "no vectors" : std::string(kernel->instructions));
  std::vector<float> sums(n * triage::leaf_stride(others.m));
  triage::WalkBuffers buffers;
  for (auto _ : state) {
    for (const triage::TreeEnsemble& trees : forests.ensembles)
      triage::add_leaves(trees, groups, columns, n, kernel, buffers, sums);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(sum_leaves)
    ->Args({5725, 7, 35, 0})
    ->Args({5725, 7, 35, 1})
    ->Args({5725, 7, 35, 2})
    ->Unit(benchmark::kMillisecond);

void choose_rows(benchmark::State& state) {
  const triage::Forests forests = trained(table_of(state, 1)).forests;
  const NoisyTable others = table_of(state, 2);
  std::vector<float> score(others.losses.size()), loss(others.losses.size());
  triage::ForestBuffers buffers;
  for (auto _ : state) triage::predict_rows(forests, others.features, buffers, {score, loss, {}});
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(choose_rows)->Args({5725, 7, 35})->Unit(benchmark::kMillisecond);

// The clock around each row costs some 20 ns.
void choose_one_row(benchmark::State& state) {
  const triage::Forests forests = trained(table_of(state, 1)).forests;
  const NoisyTable others = table_of(state, 2);
  const std::size_t n = others.losses.size() / others.m;
  std::vector<float> score(others.m), loss(others.m);
  triage::ForestBuffers buffers;
  std::vector<double> microseconds;
  for (auto _ : state) {
    const std::size_t row = microseconds.size() % n;
    const auto begin = std::chrono::steady_clock::now();
    triage::predict_rows(forests, std::span(others.features).subspan(row * others.d, others.d), buffers,
                         {score, loss, {}});
    benchmark::DoNotOptimize(triage::choose_model(score, loss, {}, 0));
    microseconds.push_back(
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
  }
  state.counters["p50_us"] = triage::interpolated_quantile(microseconds, 0.5);
  state.counters["p99_us"] = triage::interpolated_quantile(microseconds, 0.99);
}
BENCHMARK(choose_one_row)->Args({5725, 7, 35})->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
