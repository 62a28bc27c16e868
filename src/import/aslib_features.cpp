#include "import/aslib_features.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "import/aslib_file.h"
#include "triage/error.h"

namespace triage {
namespace {

constexpr std::string_view kStatusFile = "feature_runstatus.arff", kValueFile = "feature_values.arff",
                           kCostFile = "feature_costs.arff";

using RowKey = std::pair<std::size_t, std::int64_t>;  // instance, repetition

bool is_step_status(std::string_view text) {
  constexpr std::array<std::string_view, 8> kStatuses{"ok",    "timeout", "memout",  "presolved",
                                                      "crash", "other",   "unknown", "not_applicable"};
  return std::find(kStatuses.begin(), kStatuses.end(), text) != kStatuses.end();
}

// Means over repetitions of some columns.
class RowMeans {
 public:
  RowMeans(std::size_t n_rows, std::size_t n_columns)
      : n_columns_(n_columns), sums_(n_rows * n_columns), counts_(n_rows * n_columns) {}
  void add(std::size_t row, std::size_t column, double value) {
    sums_[row * n_columns_ + column] += value;
    ++counts_[row * n_columns_ + column];
  }
  // `none` where nothing was added, and where the mean is no finite float.
  [[nodiscard]] std::vector<std::vector<float>> rows(float none) const {
    const std::size_t n_rows = n_columns_ == 0 ? 0 : sums_.size() / n_columns_;
    std::vector<std::vector<float>> rows(n_rows, std::vector<float>(n_columns_, none));
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      const auto mean = static_cast<float>(sums_[i] / static_cast<double>(counts_[i]));
      if (counts_[i] > 0 && std::isfinite(mean)) rows[i / n_columns_][i % n_columns_] = mean;
    }
    return rows;
  }

 private:
  std::size_t n_columns_;
  std::vector<double> sums_;
  std::vector<std::size_t> counts_;
};

// Rows of instances with runs, each with its repetition once.
class AslibFeatureRows {
 public:
  AslibFeatureRows(AslibFile& file, const AslibNames& instances) : file_(file), instances_(instances) {}
  [[nodiscard]] bool next() {
    while (file_.next()) {
      const std::optional<std::size_t> instance = instances_.find(file_.instance());
      if (!instance) continue;
      key_ = {*instance, file_.repetition()};
      if (seen_.insert(key_).second) return true;
      file_.refuse_row(fmt::format("instance {}, repetition {} for the second time, expected once",
                                   quoted_cell(file_.instance()), file_.repetition()));
    }
    return false;
  }
  [[nodiscard]] const RowKey& key() const { return key_; }

 private:
  AslibFile& file_;
  const AslibNames& instances_;
  RowKey key_;
  std::set<RowKey> seen_;
};

// Steps without features of their own are no groups.
FeatureSchema schema_of(const AslibFile& values, const std::vector<AslibStep>& steps,
                        const std::filesystem::path& folder) {
  std::map<std::string_view, std::size_t> step_of;
  for (std::size_t s = 0; s < steps.size(); ++s) {
    for (const std::string& feature : steps[s].provides) step_of.emplace(feature, s);
  }
  std::map<std::size_t, std::size_t> group_of;  // of a step
  FeatureSchema schema;
  for (std::size_t i = 0; i < values.attributes().size(); ++i) {
    if (values.is_key(i)) continue;
    const std::string& feature = values.attributes()[i].name;
    const auto step = step_of.find(feature);
    if (step == step_of.end()) {
      throw Error(
          ErrorCode::kData,
          fmt::format("{}: feature '{}' is provided by no step of description.txt, expected one of the "
                      "{} in feature_steps to provide it; correct one of the files",
                      (folder / kValueFile).string(), feature, steps.size()));
    }
    group_of.emplace(step->second, 0);
    schema.features.push_back({feature, 0, step->second});
  }
  for (auto& [step, group] : group_of) {
    group = schema.groups.size();
    schema.groups.push_back(steps[step].name);
  }
  for (FeatureRef& feature : schema.features) feature.group = group_of.at(feature.group);
  return schema;
}

std::vector<std::size_t> group_columns(const AslibFile& file, const FeatureSchema& schema,
                                       std::string_view why) {
  std::vector<std::size_t> columns;
  for (const std::string& group : schema.groups) columns.push_back(file.column(group, why));
  return columns;
}

// How steps ended says nothing that the values do not say: one that ran out of memory may have computed some.
void check_statuses(const std::filesystem::path& folder, const FeatureSchema& schema,
                    const AslibNames& instances) {
  AslibFile file(folder, kStatusFile);
  const std::vector<std::size_t> columns =
      group_columns(file, schema, "how this step of description.txt ended");
  AslibFeatureRows rows(file, instances);
  while (rows.next()) {
    for (const std::size_t column : columns) {
      const std::optional<std::string> status = file.text(column);
      if (status && !is_step_status(*status)) {
        file.refuse(column, "ok, timeout, memout, presolved, crash, other, unknown or not_applicable");
      }
    }
  }
  file.finish();
}

std::vector<std::vector<float>> read_values(AslibFile& file, const AslibNames& instances) {
  std::vector<std::size_t> columns;
  for (std::size_t i = 0; i < file.attributes().size(); ++i) {
    if (!file.is_key(i)) columns.push_back(i);
  }
  RowMeans means(instances.size(), columns.size());
  AslibFeatureRows rows(file, instances);
  while (rows.next()) {
    for (std::size_t f = 0; f < columns.size(); ++f) {
      const std::optional<double> value = file.number(columns[f]);
      if (value && std::isfinite(*value)) means.add(rows.key().first, f, *value);
    }
  }
  file.finish();
  return means.rows(std::numeric_limits<float>::quiet_NaN());
}

std::vector<std::vector<float>> read_costs(const std::filesystem::path& folder, const FeatureSchema& schema,
                                           const AslibNames& instances) {
  AslibFile file(folder, kCostFile);
  const std::vector<std::size_t> columns =
      group_columns(file, schema, "what this step of description.txt costs");
  RowMeans means(instances.size(), columns.size());
  AslibFeatureRows rows(file, instances);
  while (rows.next()) {
    for (std::size_t g = 0; g < columns.size(); ++g) {
      const std::optional<double> seconds = file.number(columns[g]);
      if (!seconds) continue;
      if (!(*seconds >= 0) || std::isinf(*seconds)) file.refuse(columns[g], "finite seconds, 0 or more");
      means.add(rows.key().first, g, *seconds);
    }
  }
  file.finish();
  return means.rows(0);
}

}  // namespace

AslibFeatures read_aslib_features(const std::filesystem::path& folder, const std::vector<AslibStep>& steps,
                                  const AslibNames& instances, bool with_costs) {
  AslibFile values(folder, kValueFile);
  AslibFeatures features{schema_of(values, steps, folder), {}, {}};
  check_statuses(folder, features.schema, instances);
  features.values = read_values(values, instances);
  if (with_costs) features.costs = read_costs(folder, features.schema, instances);
  // Without features, or without their costs, each instance has none.
  features.values.resize(instances.size());
  features.costs.resize(instances.size());
  return features;
}

}  // namespace triage
