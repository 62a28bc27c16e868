// What a decision costs, nanoseconds each: the neighbour search, the premodel's whole decision, the
// cascade's, the adaptive policy's; and building the search when a policy is loaded.
#include <benchmark/benchmark.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "base/hash.h"
#include "policy/adaptive_policy.h"
#include "policy/cascade_policy.h"
#include "policy/knn.h"
#include "policy/premodel_policy.h"

namespace {

constexpr std::size_t kRows = 50000;
constexpr std::size_t kQueries = 1024;

// Half of each feature is uniform, half lies close to a few values, as real ones do.
std::vector<float> random_rows(std::size_t n, std::size_t d, std::uint64_t seed) {
  triage::Random random(seed);
  std::vector<float> rows(n * d);
  for (float& value : rows) {
    const double uniform = random.uniform();
    value = static_cast<float>(
        random.below(2) == 0 ? uniform : 0.2 * static_cast<double>(random.below(5)) + 0.05 * uniform);
  }
  return rows;
}

triage::PolicyInfo info_of(std::size_t n_models, std::size_t d) {
  triage::PolicyInfo info;
  for (std::size_t i = 0; i < n_models; ++i) info.models.push_back({{"model" + std::to_string(i), ""}, 1, 2});
  for (std::size_t i = 0; i < d; ++i) info.schema.features.push_back({"feature" + std::to_string(i), 1});
  return info;
}

void knn_build(benchmark::State& state) {
  const auto d = static_cast<std::size_t>(state.range(0));
  const auto rows = random_rows(kRows, d, 1);
  for (auto _ : state) {
    const triage::KnnIndex index(rows, d);
    benchmark::DoNotOptimize(&index);
  }
}
BENCHMARK(knn_build)->Arg(7)->Unit(benchmark::kMillisecond);

void knn_search(benchmark::State& state) {
  const auto d = static_cast<std::size_t>(state.range(0));
  const triage::KnnIndex index(random_rows(kRows, d, 1), d);
  const auto queries = random_rows(kQueries, d, 2);
  std::array<triage::Neighbour, triage::kMaxNeighbours> nearest;
  std::size_t i = 0;
  for (auto _ : state) {
    index.search(std::span(queries).subspan(i * d, d), std::span(nearest).first(5));
    benchmark::DoNotOptimize(nearest);
    i = (i + 1) % kQueries;
  }
}
BENCHMARK(knn_search)->Arg(4)->Arg(7)->Arg(12);

triage::PremodelParameters bare_premodel(std::size_t d) {
  triage::PremodelParameters model;
  model.n_stages = 3;
  model.fallback = 2;
  model.minimum.assign(d, 0);
  model.maximum.assign(d, 1);
  return model;
}

triage::PremodelParameters knn_premodel(std::size_t d) {
  triage::PremodelParameters model = bare_premodel(d);
  model.rows = random_rows(kRows, d, 1);
  for (std::size_t i = 0; i < kRows; ++i) {
    model.optimum.push_back(static_cast<triage::ModelIndex>(i % 4) - 1);
    model.ids.push_back("input");
  }
  model.choosers = triage::paper_choosers(model);
  return model;
}

// A full tree that halves the features in turn.
triage::TreeChooser full_tree(std::size_t depth, std::size_t d) {
  triage::TreeChooser tree;
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
triage::SvmChooser large_svm(std::size_t d) {
  constexpr std::int32_t kVectors = 3000;
  triage::SvmChooser svm;
  svm.gamma = 2;
  svm.classes = {0, 1};
  svm.counts = {kVectors / 2, kVectors / 2};
  svm.vectors = random_rows(d, kVectors, 3);
  svm.coefficients = random_rows(1, kVectors, 4);
  svm.rho = {-1e4F};  // "no": every stage is asked
  return svm;
}

void decide(benchmark::State& state, triage::PremodelParameters model) {
  const std::size_t d = model.minimum.size();
  const auto policy = triage::make_premodel(info_of(3, d), std::move(model));
  const auto queries = random_rows(kQueries, d, 2);
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(policy->next({std::span(queries).subspan(i * d, d), {}, {}}));
    i = (i + 1) % kQueries;
  }
}

// All features are known; three stages, or one chooser among three models.
void premodel_decision(benchmark::State& state) { decide(state, knn_premodel(7)); }
BENCHMARK(premodel_decision);

void premodel_decision_multiclass_knn(benchmark::State& state) {
  triage::PremodelParameters model = knn_premodel(7);
  model.form = triage::PremodelForm::kMulticlass;
  triage::KnnChooser knn;
  for (std::size_t i = 0; i < kRows; ++i) knn.labels.push_back(static_cast<std::uint8_t>(i % 4));
  model.choosers = {knn};
  decide(state, std::move(model));
}
BENCHMARK(premodel_decision_multiclass_knn);

void premodel_decision_trees(benchmark::State& state) {
  triage::PremodelParameters model = bare_premodel(7);
  model.choosers.assign(3, full_tree(10, 7));
  decide(state, std::move(model));
}
BENCHMARK(premodel_decision_trees);

void premodel_decision_svms(benchmark::State& state) {
  triage::PremodelParameters model = bare_premodel(7);
  model.choosers.assign(3, large_svm(7));
  decide(state, std::move(model));
}
BENCHMARK(premodel_decision_svms);

void cascade_decision(benchmark::State& state) {
  const auto policy = triage::make_cascade(info_of(2, 0), {{0.9}});
  std::vector<triage::Look> looks(1);
  looks[0].model = 0;
  looks[0].confidence = 0.5;
  for (auto _ : state) {
    looks[0].confidence = 1.4 - looks[0].confidence;
    benchmark::DoNotOptimize(policy->next({{}, looks, {}}));
  }
}
BENCHMARK(cascade_decision);

// Random outputs of `n_classes`, some sure, some not; looks of the first `n_looks` of four models.
void adaptive_decision(benchmark::State& state) {
  const auto n_looks = static_cast<std::size_t>(state.range(0));
  const auto n_classes = static_cast<std::size_t>(state.range(1));
  triage::AdaptiveParameters model;
  triage::AdaptiveSetting setting{0.1, {0, 1, 2, 3}, {}, 0.9, 1};
  // Of ten classes, each has weights and evidence of its own.
  const std::size_t own = n_classes == 10 ? n_classes : 0;
  for (std::size_t j = 1; j <= 4; ++j) {
    triage::AdaptiveStage& stage = setting.stages.emplace_back();
    stage.weights.assign(own > 0 && j > 1 ? (j + 1) * own : j, 1.0 / static_cast<double>(j));
    if (j == 4) continue;
    stage.gain.resize(1 + triage::kEvidenceNumbers + own);
    stage.gain[0] = 0.1;
    stage.gain[1] = -0.1;
  }
  model.settings.push_back(setting);
  triage::PolicyInfo info = info_of(4, 0);
  info.n_classes = static_cast<std::int32_t>(n_classes);
  const auto policy = triage::make_adaptive(std::move(info), model);
  triage::Random random(1);
  std::vector<std::vector<triage::Look>> inputs(256);
  for (auto& looks : inputs) {
    for (std::size_t m = 0; m < n_looks; ++m) {
      std::vector<float> p(n_classes);
      for (float& x : p) x = static_cast<float>(std::pow(random.uniform(), 12));
      triage::Look& look = looks.emplace_back();
      look.model = static_cast<triage::ModelIndex>(m);
      look.output = triage::TopK::from_probabilities(p);
    }
  }
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(policy->next({{}, inputs[i++ % inputs.size()], {}}));
}
BENCHMARK(adaptive_decision)->ArgNames({"looks", "classes"})->ArgsProduct({{1, 2, 3, 4}, {10, 1000}});

}  // namespace

BENCHMARK_MAIN();
