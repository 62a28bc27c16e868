// How the networks of a zoo do on labelled images: one pass, every network on every image.
#include <fmt/format.h>

#include "data/readable.h"
#include "preprocess/needed_extent.h"
#include "runtime/live.h"
#include "stats/chance.h"
#include "triage/error.h"
#include "triage/tools/adopt.h"
#include "triage/types.h"

namespace triage {
namespace {

struct ModelSums {
  std::size_t top1 = 0, top5 = 0;
  double ms = 0, preprocess_ms = 0;
};

void check_label(const Dataset& data, std::size_t i, std::size_t n_classes) {
  if (data.label(i) >= 0 && static_cast<std::size_t>(data.label(i)) < n_classes) return;
  throw Error(ErrorCode::kData, fmt::format("{}: label is {}, expected 0 to {}; check the labels file",
                                            data.id(i), data.label(i), n_classes - 1));
}

}  // namespace

ModelScores judge_models(const Zoo& zoo, std::span<const ModelIndex> models, EngineSet& engines,
                         const Dataset& data, const JudgeOptions& options,
                         const std::function<void(std::size_t, std::size_t)>& on_image) {
  const FeatureSchema no_features;
  const DecodeOptions decode = decode_options_for(zoo, no_features.working_px, {});
  ModelPool pool(zoo, engines);
  LiveBackend backend(pool, {models.begin(), models.end()}, no_features, steady_clock());
  std::vector<ModelSums> sums(models.size());
  ModelScores result;
  const std::size_t n = std::min(options.limit, data.size());
  std::vector<Label> labels;  // of the images that were judged
  for (std::size_t i = 0; i < n; ++i) {
    if (options.stop.stop_requested()) throw Error(ErrorCode::kInterrupted, "interrupted");
    const auto image = load_readable(data, i, decode);
    if (!image) {
      ++result.n_failed;
      continue;
    }
    backend.begin(*image);
    for (std::size_t m = 0; m < models.size(); ++m) {
      (void)backend.run(static_cast<ModelIndex>(m));
      check_label(data, i, backend.last_probabilities().size());
      const std::int32_t rank = rank_of(backend.last_probabilities(), data.label(i));
      sums[m].top1 += rank <= 1;
      sums[m].top5 += rank <= 5;
      sums[m].ms += backend.last_times().infer_ms;
      sums[m].preprocess_ms += backend.last_times().preprocess_ms;
    }
    labels.push_back(data.label(i));
    if (on_image) on_image(i + 1, n);
  }
  const auto count = static_cast<double>(labels.size());
  for (std::size_t m = 0; m < models.size(); ++m) {
    const ModelSums& sum = sums[m];
    result.models.push_back({labels.size(), static_cast<double>(sum.top1) / count,
                             static_cast<double>(sum.top5) / count, sum.ms / count,
                             sum.preprocess_ms / count});
    const ModelSpec& spec = zoo.models[static_cast<std::size_t>(models[m])];
    result.at_chance.chance = chance_rate(labels, spec.output.n_classes);
    if (is_at_chance(sum.top1, labels.size(), result.at_chance.chance))
      result.at_chance.models.push_back(static_cast<ModelIndex>(m));
  }
  return result;
}

}  // namespace triage
