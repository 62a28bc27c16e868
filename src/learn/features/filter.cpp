#include "learn/features/filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "base/check.h"
#include "stats/standardise.h"
#include "triage/error.h"

namespace triage {
namespace {

float value_of(const Table& table, std::uint32_t row, std::size_t column) {
  return table.feature_row(row)[column];
}

std::size_t find_column(const Table& table, const std::string& name) {
  const auto& known = table.schema.features;
  const auto found =
      std::find_if(known.begin(), known.end(), [&](const FeatureRef& f) { return f.name == name; });
  if (found != known.end()) return static_cast<std::size_t>(found - known.begin());
  throw Error(ErrorCode::kUsage,
              fmt::format("candidate feature '{}': not in the profile, expected one of its {} features; "
                          "profile again with it, or leave it out",
                          name, known.size()));
}

// Why a column is useless; nullopt when it is not.
std::optional<std::string> fault(const Table& table, Rows rows, std::size_t column) {
  std::size_t n_bad = 0;
  bool varies = false;
  const float first = value_of(table, rows.front(), column);
  for (const std::uint32_t row : rows) {
    const float value = value_of(table, row, column);
    n_bad += std::isfinite(value) ? 0 : 1;
    varies |= value != first;
  }
  if (n_bad > 0) return fmt::format("not finite on {} input{}", n_bad, n_bad == 1 ? "" : "s");
  if (!varies) return fmt::format("constant: {} on every input", first);
  return std::nullopt;
}

bool in_registry(const std::string& name) {
  const auto registry = feature_registry();
  return std::any_of(registry.begin(), registry.end(), [&](const FeatureInfo& f) { return f.name == name; });
}

// Shape (n), in double.
std::vector<double> standardised(const Table& table, Rows rows, std::size_t column) {
  std::vector<double> values;
  values.reserve(rows.size());
  for (const std::uint32_t row : rows) values.push_back(static_cast<double>(value_of(table, row, column)));
  return unit_deviations(std::move(values));
}

// Costs that are not known count as the highest.
double comparable_ms(const FeatureSummary& feature) {
  return std::isnan(feature.extraction_ms) ? std::numeric_limits<double>::infinity() : feature.extraction_ms;
}

// Of two features the one to keep.
bool preferred(const FeatureSummary& a, const FeatureSummary& b, PairRule rule) {
  const bool a_cheaper = comparable_ms(a) < comparable_ms(b), b_cheaper = comparable_ms(b) < comparable_ms(a);
  const bool a_useful = a.usefulness > b.usefulness, b_useful = b.usefulness > a.usefulness;
  if (rule == PairRule::kCheaper) return a_cheaper || (!b_cheaper && a_useful);
  return a_useful || (!b_useful && a_cheaper);
}

}  // namespace

std::vector<std::size_t> find_candidates(const Table& table, const std::vector<std::string>& names) {
  std::vector<std::size_t> columns;
  for (const std::string& name : names) columns.push_back(find_column(table, name));
  if (names.empty()) {
    columns.resize(table.schema.size());
    std::iota(columns.begin(), columns.end(), std::size_t{0});
  }
  std::sort(columns.begin(), columns.end());
  const auto twice = std::adjacent_find(columns.begin(), columns.end());
  if (twice != columns.end()) {
    throw Error(ErrorCode::kUsage,
                fmt::format("candidate feature '{}': given twice, expected once; remove one",
                            table.schema.features[*twice].name));
  }
  if (columns.empty()) {
    throw Error(ErrorCode::kUsage,
                "selection of features: the profile has no features, expected some; profile again");
  }
  return columns;
}

std::vector<DroppedFeature> drop_useless(const Table& table, Rows rows, std::vector<std::size_t>& columns) {
  std::vector<DroppedFeature> dropped;
  std::erase_if(columns, [&](std::size_t column) {
    const auto reason = fault(table, rows, column);
    if (reason) dropped.push_back({table.schema.features[column].name, *reason});
    return reason.has_value();
  });
  return dropped;
}

std::vector<double> mean_node_ms(const Table& table, Rows rows) {
  const std::size_t n_nodes = feature_nodes().size();
  if (table.node_ms.size() != table.n_inputs() * n_nodes) return {};
  std::vector<double> means(n_nodes, 0);
  for (const std::uint32_t row : rows) {
    for (std::size_t i = 0; i < n_nodes; ++i) {
      means[i] += static_cast<double>(table.node_ms[row * n_nodes + i]);
    }
  }
  for (double& mean : means) mean /= static_cast<double>(rows.size());
  return means;
}

double extraction_ms(const FeatureSchema& schema, std::span<const double> node_ms,
                     std::span<const std::size_t> columns) {
  FeatureMask mask = 0;
  bool known = !node_ms.empty();
  for (const std::size_t column : columns) {
    known = known && in_registry(schema.features[column].name);
    mask |= FeatureMask{1} << column;
  }
  if (!known) return kNotMeasured;
  const NodeMask nodes = nodes_of(schema, mask);
  double sum = 0;
  for (std::size_t i = 0; i < node_ms.size(); ++i) sum += (nodes >> i & 1U) != 0 ? node_ms[i] : 0;
  return sum;
}

std::vector<double> correlation_ratios(const Table& table, Rows rows, std::span<const std::size_t> columns,
                                       std::span<const ModelIndex> labels) {
  const std::size_t n_classes = table.n_models() + 1;  // kNoModel is one
  std::vector<double> ratios;
  for (const std::size_t column : columns) {
    const auto values = standardised(table, rows, column);  // variance 1 / n in all: the total is 1
    std::vector<double> sums(n_classes, 0), counts(n_classes, 0);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto label = static_cast<std::size_t>(labels[i] + 1);
      sums[label] += values[i];
      counts[label] += 1;
    }
    double between = 0;
    for (std::size_t c = 0; c < n_classes; ++c) between += counts[c] > 0 ? sums[c] * sums[c] / counts[c] : 0;
    ratios.push_back(between);
  }
  return ratios;
}

std::vector<double> correlations(const Table& table, Rows rows, std::span<const std::size_t> columns) {
  const std::size_t d = columns.size();
  std::vector<std::vector<double>> values;
  for (const std::size_t column : columns) values.push_back(standardised(table, rows, column));
  std::vector<double> r(d * d, 1.0);
  for (std::size_t a = 0; a < d; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      const double dot = std::inner_product(values[a].begin(), values[a].end(), values[b].begin(), 0.0);
      r[a * d + b] = r[b * d + a] = std::clamp(dot, -1.0, 1.0);
    }
  }
  return r;
}

CorrelationFilter filter_correlated(std::span<const FeatureSummary> summaries, std::span<const double> r,
                                    double max_correlation, PairRule rule) {
  const std::size_t d = summaries.size();
  TRIAGE_CHECK(r.size() == d * d);
  std::vector<std::size_t> order(d);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return preferred(summaries[a], summaries[b], rule); });
  const auto strength = [&](std::size_t a, std::size_t b) { return std::abs(r[a * d + b]); };
  CorrelationFilter filter;
  std::vector<std::size_t> removed;
  for (const std::size_t feature : order) {
    const bool alike = std::any_of(filter.kept.begin(), filter.kept.end(), [&](std::size_t kept) {
      return strength(feature, kept) > max_correlation;
    });
    (alike ? removed : filter.kept).push_back(feature);
  }
  std::sort(filter.kept.begin(), filter.kept.end());
  std::sort(removed.begin(), removed.end());
  for (const std::size_t feature : removed) {
    const std::size_t kept = *std::max_element(
        filter.kept.begin(), filter.kept.end(),
        [&](std::size_t a, std::size_t b) { return strength(feature, a) < strength(feature, b); });
    filter.correlated.push_back({summaries[feature].name, summaries[kept].name, r[feature * d + kept]});
  }
  return filter;
}

}  // namespace triage
