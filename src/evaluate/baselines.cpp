#include "evaluate/baselines.h"

#include "base/hash.h"
#include "evaluate/metrics.h"
#include "stats/mean.h"

namespace triage {
namespace {

// Uniform over the models, by a hash of the id: the same for an input whatever the other inputs are.
ModelIndex random_model(const Table& table, std::size_t input, std::uint64_t seed) {
  return static_cast<ModelIndex>(Random(hash64(seed, table.ids[input])).below(table.n_models()));
}

}  // namespace

Mix router_mix(const Table& table, const Fold& fold, double ms) {
  const auto costs = mean_costs(table, fold.test);
  ZeroRouter router = fold.router;
  for (std::size_t p = 0; p < router.points.size(); ++p) {
    router.points[p].cost = costs[static_cast<std::size_t>(router.models[p])] + fold.asking_ms;
  }
  return router.at(ms);
}

std::vector<double> router_scores(const Table& table, std::span<const Fold> folds, std::span<const double> ms,
                                  Criterion criterion) {
  std::vector<double> scores(table.n_inputs());
  for (const Fold& fold : folds) {
    const Mix mix = router_mix(table, fold, mean_of(ms, fold.test));
    for (const std::uint32_t i : fold.test) {
      scores[i] = (1 - mix.share_dear) * table.score(i, mix.cheap, criterion) +
                  mix.share_dear * table.score(i, mix.dear, criterion);
    }
  }
  return scores;
}

Entry make_entry(MethodId id, std::size_t n_inputs) {
  return {make_replay(to_string(id.kind), n_inputs), id};
}

std::vector<Entry> baselines(const Table& table, std::span<const Fold> folds,
                             std::span<const ModelIndex> optimum, const EvaluateOptions& options) {
  const std::size_t n = table.n_inputs();
  std::vector<Entry> entries;
  for (const ModelIndex model : all_models(table)) {
    entries.push_back(make_entry({MethodKind::kSingle, static_cast<int>(model)}, n));
  }
  for (const MethodKind kind :
       {MethodKind::kSbs, MethodKind::kCheapestEqual, MethodKind::kVbs, MethodKind::kRandom}) {
    entries.push_back(make_entry({kind}, n));
  }
  const std::size_t m = table.n_models();
  for (const Fold& fold : folds) {
    for (const std::uint32_t i : fold.test) {
      for (std::size_t j = 0; j < m; ++j) {
        replay_model(table, i, static_cast<ModelIndex>(j), entries[j].replay);
      }
      replay_model(table, i, fold.sbs, entries[m].replay);
      replay_model(table, i, fold.cheapest_equal, entries[m + 1].replay);
      replay_model(table, i, optimum[i] == kNoModel ? fold.cheapest : optimum[i], entries[m + 2].replay);
      replay_model(table, i, random_model(table, i, options.seed), entries[m + 3].replay);
    }
  }
  return entries;
}

}  // namespace triage
