// What a decision costs, nanoseconds each: the neighbour search, the premodel's whole decision, the
// cascade's, the adaptive policy's; and building the search when a policy is loaded.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

#include "bench_policies.h"
#include "policy/knn.h"
#include "triage/clock.h"

namespace triage {
namespace {

using bench::kQueries;
using bench::kRows;
using bench::random_rows;

void knn_build(benchmark::State& state) {
  const auto d = static_cast<std::size_t>(state.range(0));
  const auto rows = random_rows(kRows, d, 1);
  for (auto _ : state) {
    const KnnIndex index(rows, d);
    benchmark::DoNotOptimize(&index);
  }
}
BENCHMARK(knn_build)->Arg(7)->Unit(benchmark::kMillisecond);

void knn_search(benchmark::State& state) {
  const auto d = static_cast<std::size_t>(state.range(0));
  const KnnIndex index(random_rows(kRows, d, 1), d);
  const auto queries = random_rows(kQueries, d, 2);
  std::array<Neighbour, kMaxNeighbours> nearest;
  std::size_t i = 0;
  for (auto _ : state) {
    index.search(std::span(queries).subspan(i * d, d), std::span(nearest).first(5));
    benchmark::DoNotOptimize(nearest);
    i = (i + 1) % kQueries;
  }
}
BENCHMARK(knn_search)->Arg(4)->Arg(7)->Arg(12);

// A full tree that halves the features in turn.
TreeChooser full_tree(std::size_t depth, std::size_t d) {
  TreeChooser tree;
  const std::size_t n = (std::size_t{2} << depth) - 1;
  for (std::size_t node = 0; node < n; ++node) {
    const bool leaf = 2 * node + 2 >= n;
    tree.feature.push_back(leaf ? -1 : static_cast<std::int32_t>(node % d));
    tree.threshold.push_back(0.5F);
    tree.left.push_back(leaf ? -1 : static_cast<std::int32_t>(2 * node + 1));
    tree.right.push_back(leaf ? -1 : static_cast<std::int32_t>(2 * node + 2));
    tree.label.push_back(0);  // "no": every stage is asked
  }
  return tree;
}

// As many vectors as noisy labels leave of 5,000 training rows.
SvmChooser large_svm(std::size_t d) {
  constexpr std::int32_t kVectors = 3000;
  SvmChooser svm;
  svm.gamma = 2;
  svm.classes = {0, 1};
  svm.counts = {kVectors / 2, kVectors / 2};
  svm.vectors = random_rows(d, kVectors, 3);
  svm.coefficients = random_rows(1, kVectors, 4);
  svm.rho = {-1e4F};  // "no": every stage is asked
  return svm;
}

void decide(benchmark::State& state, PremodelParameters model) {
  const std::size_t d = model.minimum.size();
  const auto policy = make_premodel(bench::info_of(3, d), std::move(model));
  const auto queries = random_rows(kQueries, d, 2);
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(policy->next({std::span(queries).subspan(i * d, d), {}, {}}));
    i = (i + 1) % kQueries;
  }
}

// All features are known; three stages, or one chooser among three models.
void premodel_decision(benchmark::State& state) { decide(state, bench::knn_premodel(7)); }
BENCHMARK(premodel_decision);

// Single decisions timed one by one, with some 20 ns for the clock.
void premodel_decision_quantiles(benchmark::State& state) {
  constexpr std::size_t kDimensions = 7;
  const auto policy = make_premodel(bench::info_of(3, kDimensions), bench::knn_premodel(kDimensions));
  const auto queries = random_rows(kQueries, kDimensions, 2);
  std::vector<double> us;
  for (auto _ : state) {
    const auto query = std::span(queries).subspan(us.size() % kQueries * kDimensions, kDimensions);
    const Stopwatch watch(steady_clock());
    benchmark::DoNotOptimize(policy->next({query, {}, {}}));
    us.push_back(1e3 * watch.ms());
  }
  std::sort(us.begin(), us.end());
  state.counters["p50_us"] = us[us.size() / 2];
  state.counters["p99_us"] = us[us.size() * 99 / 100];
}
BENCHMARK(premodel_decision_quantiles);

void premodel_decision_multiclass_knn(benchmark::State& state) {
  PremodelParameters model = bench::knn_premodel(7);
  model.form = PremodelForm::kMulticlass;
  KnnChooser knn;
  for (std::size_t i = 0; i < kRows; ++i) knn.labels.push_back(static_cast<std::uint8_t>(i % 4));
  model.choosers = {knn};
  decide(state, std::move(model));
}
BENCHMARK(premodel_decision_multiclass_knn);

void premodel_decision_trees(benchmark::State& state) {
  PremodelParameters model = bench::bare_premodel(7);
  model.choosers.assign(3, full_tree(10, 7));
  decide(state, std::move(model));
}
BENCHMARK(premodel_decision_trees);

void premodel_decision_svms(benchmark::State& state) {
  PremodelParameters model = bench::bare_premodel(7);
  model.choosers.assign(3, large_svm(7));
  decide(state, std::move(model));
}
BENCHMARK(premodel_decision_svms);

void cascade_decision(benchmark::State& state) {
  const auto policy = bench::two_stage_cascade();
  std::vector<Look> looks(1);
  looks[0].model = 0;
  looks[0].confidence = 0.5;
  for (auto _ : state) {
    looks[0].confidence = 1.4 - looks[0].confidence;
    benchmark::DoNotOptimize(policy->next({{}, looks, {}}));
  }
}
BENCHMARK(cascade_decision);

// Of the first `n_looks` of four models.
void adaptive_decision(benchmark::State& state) {
  const auto n_looks = static_cast<std::size_t>(state.range(0));
  const auto n_classes = static_cast<std::size_t>(state.range(1));
  const auto policy = bench::four_look_adaptive(n_classes);
  const auto inputs = bench::random_looks(256, n_looks, n_classes);
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(policy->next({{}, inputs[i++ % inputs.size()], {}}));
}
BENCHMARK(adaptive_decision)->ArgNames({"looks", "classes"})->ArgsProduct({{1, 2, 3, 4}, {10, 1000}});

}  // namespace
}  // namespace triage

BENCHMARK_MAIN();
