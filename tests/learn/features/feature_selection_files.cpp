#include "learn/features/feature_selection_files.h"

#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/files.h"

namespace triage::testing {
namespace {

template <class T>
void write_values(const std::filesystem::path& path, std::span<const T> values) {
  static_assert(std::endian::native == std::endian::little);
  write_file_atomic(path, {reinterpret_cast<const std::uint8_t*>(values.data()), values.size_bytes()});
}

// Costs that are not known are written as -1, below every other.
double known(double cost) { return std::isnan(cost) ? -1 : cost; }

}  // namespace

void write_elimination(const EliminationTask& task, std::span<const std::string> names,
                       std::span<const EliminationRecord> records, double seconds, unsigned threads,
                       const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  write_values<float>(folder / "rows.f32", task.rows.values);
  write_values<std::int32_t>(folder / "folds.i32", task.rows.folds);
  write_values<ModelIndex>(folder / "labels.i32", task.labels);
  nlohmann::json document{{"n", task.rows.n()},
                          {"d", task.rows.d},
                          {"k", task.k},
                          {"fallback", task.fallback},
                          {"names", std::vector<std::string>(names.begin(), names.end())},
                          {"seconds", seconds},
                          {"threads", threads},
                          {"right_without_features", count_right_without_features(task)},
                          {"steps", nlohmann::json::array()}};
  for (const auto& record : records) {
    std::vector<double> costs;
    for (const double cost : record.cost_without) costs.push_back(known(cost));
    document["steps"].push_back({{"features", record.features},
                                 {"right", record.n_right},
                                 {"right_without", record.n_right_without},
                                 {"cost_without", costs}});
  }
  write_text_atomic(folder / "search.json", document.dump() + "\n");
}

}  // namespace triage::testing
