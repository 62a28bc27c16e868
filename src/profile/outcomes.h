// Tables that somebody brought, on disk: scores and costs of models on inputs, measured elsewhere
// (docs/formats.md, "Outcomes").
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "triage/tools/table.h"

namespace triage {

// What such a file says of itself.
struct OutcomeHeader {
  std::string source;  // what it was made from, for people: the name of a file
  Terms terms;
  std::vector<std::string> models;   // 1 or more
  FeatureSchema schema;              // with groups where there are features
  std::vector<std::string> answers;  // what models may answer, where they do; labels and answers index it
  std::string text_name;             // OutcomeInput::text; empty: there are none
  bool has_folds = false;            // OutcomeInput::fold
  bool has_signals = false;          // OutcomeCell::signal
};

struct OutcomeInput {
  std::string id;
  std::string group;                 // empty: it stands alone
  std::int32_t fold = 0;             // 0 or more
  Label label = kNoLabel;            // the right answer
  std::vector<float> features;       // (d) NaN where missing
  std::string text{};                // empty: none
  std::vector<float> feature_costs;  // (groups) in Terms::cost_unit; empty: nothing is charged
};

// One model on one input. A model that was not run has no cell.
struct OutcomeCell {
  float score = 0;  // 0..1
  float cost = 0;   // 0 or more
  float signal = std::numeric_limits<float>::quiet_NaN();
  Label answer = kNoLabel;
};

// Writes such a file under another name and, when it is finished, puts it in place; without finish() nothing
// is left behind. Not thread-safe.
class OutcomeWriter {
 public:
  // Throws kUsage for a header that is not right and where `out` exists, kIo.
  OutcomeWriter(const std::filesystem::path& out, const OutcomeHeader& header);
  ~OutcomeWriter();
  OutcomeWriter(const OutcomeWriter&) = delete;
  OutcomeWriter& operator=(const OutcomeWriter&) = delete;

  // Gives the position of the input, counted from 0. Throws kData for an id that is there, naming it.
  std::int64_t add_input(const OutcomeInput& input);
  // Throws kData, naming input and model, where the cell is there, and for values out of range.
  void add_cell(std::int64_t input, ModelIndex model, const OutcomeCell& cell);
  // Throws kData without any input.
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Whether the profile is such a file. Throws kIo, kProfile for what is no profile.
[[nodiscard]] bool holds_outcomes(const std::filesystem::path& profile);
// Throws kIo, kProfile.
[[nodiscard]] OutcomeHeader read_outcome_header(const std::filesystem::path& profile);
[[nodiscard]] Table load_outcomes(const std::filesystem::path& profile);

}  // namespace triage
