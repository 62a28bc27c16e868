#include "table/model_times.h"

#include "stats/mean.h"
#include "stats/quantile.h"

namespace triage {

PolicyModel timed_model(ModelId id, std::vector<double> times) {
  PolicyModel model{std::move(id), mean(times)};
  model.p50_ms = covering_quantile(times, 0.5);
  model.p90_ms = covering_quantile(times, 0.9);
  model.p99_ms = covering_quantile(times, 0.99);
  model.p999_ms = covering_quantile(times, 0.999);
  return model;
}

}  // namespace triage
