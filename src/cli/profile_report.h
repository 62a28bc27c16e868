// What `triage profile` shows: estimate and progress while it works, a table or JSON at the end.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "triage/tools/profile.h"

namespace triage::cli {

// Loading, estimate, bar and warnings on stderr, fed by measure_profile.
class ProfileDisplay {
 public:
  explicit ProfileDisplay(std::filesystem::path out) : out_(std::move(out)) {}
  void update(const ProfileProgress& progress);

 private:
  void show_estimate(const ProfileProgress& progress);
  std::filesystem::path out_;
  std::optional<Progress> loading_;
  std::optional<Progress> energy_;
  std::optional<Progress> measuring_;
  std::size_t n_loading_ = 0;
  std::size_t n_energy_ = 0;
  std::size_t n_warnings_ = 0;
  std::int64_t start_ns_ = 0;
  std::int64_t start_bytes_ = 0;
  bool estimated_ = false;
};

struct ModelReport {
  std::string name;
  Precision precision = Precision::kF32;  // that it ran in
  double top1_rate = 0, top5_rate = 0;
  TimeSummary time;  // preprocessing and inference
  double mean_j = kNotMeasured;
};
struct ProfileReport {
  std::filesystem::path out;
  ProfileSummary summary;
  std::string machine;
  bool times_only = false;
  std::string labels_from;  // Table::labels_from
  Timing timing;
  TableEnergy energy;
  LabelMapping mapping;
  std::vector<std::string> label_names;
  AtChance at_chance;
  std::vector<ModelReport> models;  // empty when no input succeeded
  std::vector<FailedInput> failed;
};

// Reads the finished profile back.
[[nodiscard]] ProfileReport make_report(const std::filesystem::path& out, const ProfileSummary& summary,
                                        const ProfileOptions& options);
// The table on stdout, failed inputs on stderr.
void print_report(const ProfileReport& report);
[[nodiscard]] nlohmann::json to_json(const ProfileReport& report);

}  // namespace triage::cli
