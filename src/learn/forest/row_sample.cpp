#include "learn/forest/row_sample.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/hash.h"

namespace triage {
namespace {

template <class Value>
std::vector<Value> take_rows(std::span<const Value> values, std::size_t width,
                             std::span<const std::uint32_t> rows) {
  std::vector<Value> out;
  if (values.empty()) return out;
  out.reserve(rows.size() * width);
  for (const std::uint32_t row : rows) {
    const auto from = values.subspan(row * width, width);
    out.insert(out.end(), from.begin(), from.end());
  }
  return out;
}

}  // namespace

RowSample::RowSample(const ForestData& data, std::size_t most, std::uint64_t seed) : d_(data.d), m_(data.m) {
  std::vector<std::uint32_t> rows(data.losses.size() / data.m);
  std::iota(rows.begin(), rows.end(), 0U);
  if (rows.size() > most) {
    Random random(mix64(seed));
    shuffle(std::span(rows), random);
    rows.resize(most);
    std::sort(rows.begin(), rows.end());
  }
  features_ = take_rows(data.features, data.d, rows);
  losses_ = take_rows(data.losses, data.m, rows);
  costs_ = take_rows(data.costs, data.m, rows);
  weights_ = take_rows(data.weights, 1, rows);
  fold_of_ = take_rows(data.fold_of, 1, rows);
}

ForestData RowSample::data() const {
  return {.features = features_,
          .d = d_,
          .losses = losses_,
          .m = m_,
          .costs = costs_,
          .weights = weights_,
          .fold_of = fold_of_};
}

bool every_model_ran(const ForestData& data) {
  for (std::size_t j = 0; j < data.m; ++j) {
    bool ran = false;
    for (std::size_t i = j; i < data.losses.size() && !ran; i += data.m) ran = !std::isnan(data.losses[i]);
    if (!ran) return false;
  }
  return true;
}

std::vector<double> unseen_worths(const ForestData& data, const OutOfBag& unseen,
                                  std::span<const double> prices) {
  const std::size_t n = data.losses.size() / data.m;
  std::vector<double> out(n, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < n; ++i) {
    const auto row_of = [&](std::span<const float> values) {
      return values.empty() ? values : values.subspan(i * data.m, data.m);
    };
    if (std::isnan(unseen.score[i * data.m])) continue;
    const auto costs = row_of(data.costs), losses = row_of(data.losses);
    double worth = 0;
    for (const double price : prices) {
      const auto choice = static_cast<std::size_t>(
          choose_model(row_of(unseen.score), row_of(unseen.loss), row_of(unseen.cost), price));
      const double cost = costs.empty() ? 0 : static_cast<double>(costs[choice]);
      worth -= static_cast<double>(losses[choice]) + price * cost;
    }
    out[i] = worth / static_cast<double>(prices.size());
  }
  return out;
}

}  // namespace triage
