// Fills records from inputs: runs every model through the live backend and extracts features.
#pragma once

#include <atomic>
#include <optional>
#include <vector>

#include "profile/cell.h"
#include "profile/header.h"
#include "profile/record.h"
#include "runtime/live.h"

namespace triage {

// For each recipe of the header, the first model that has it, shape (r).
[[nodiscard]] std::vector<ModelIndex> recipe_users(const ProfileHeader& header);

class Measurer {
 public:
  // All must outlive it.
  Measurer(ModelPool& pool, const ProfileHeader& header, const Dataset& data, const ProfileOptions& options);

  // `position` is of the data set. A failure is recorded with its message. Raising the options' stop flag
  // ends it early, and the record is then not to be kept.
  void measure(std::size_t position, InputRecord& record);

 private:
  void begin(std::size_t position, InputRecord& record);
  void measure_features(const Image& image, InputRecord& record);
  void measure_recipes(const Image& image, InputRecord& record);
  void measure_tensor(const Image& image, std::size_t model, InputRecord& record);
  void measure_model(const Image& image, std::size_t model, InputRecord& record);
  void share_answers(InputRecord& record) const;
  // Enters what there is to count of a cell that was timed.
  void count(const CellTimes& cell, InputRecord& record) const;
  // `run` returns the milliseconds that are recorded.
  template <class Run>
  [[nodiscard]] CellRun timed(const Run& run) const;

  const ProfileHeader* header_;
  const Dataset* data_;
  const ProfileOptions* options_;
  DecodeOptions decode_;
  const Clock* clock_;
  const Clock* cpu_clock_;  // null: runs are not judged by it
  LiveBackend backend_;
  std::vector<ModelIndex> recipe_users_;
  std::vector<std::size_t> speaker_;  // (m) first model with the same fingerprint
  std::vector<std::size_t> order_;
  std::optional<Resampling> resampling_;  // of this input
  std::vector<bool> tensor_timed_;        // (r) on this input
  Standstills feature_standstills_;
  std::vector<Standstills> recipe_standstills_;  // (r)
  std::vector<Standstills> model_standstills_;   // (m)
};

}  // namespace triage
