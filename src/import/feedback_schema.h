// The feedback store of a server on disk (SQLite; docs/formats.md, "Feedback"): what the server writes and
// `triage import feedback` reads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "profile/sqlite.h"
#include "triage/policy.h"

namespace triage {

inline constexpr std::int64_t kFeedbackId = 0x54524946;  // SQLite's application id, "TRIF"
inline constexpr std::int64_t kFeedbackVersion = 1;

inline constexpr const char* kFeedbackSchema = R"sql(
CREATE TABLE policy (policy INTEGER PRIMARY KEY, version TEXT NOT NULL, explores TEXT NOT NULL,
  about TEXT NOT NULL, figures TEXT NOT NULL, UNIQUE (version, explores)) STRICT;
CREATE TABLE input (input INTEGER PRIMARY KEY, request TEXT NOT NULL, position INTEGER NOT NULL,
  time_ms INTEGER NOT NULL, policy INTEGER NOT NULL REFERENCES policy, answer INTEGER NOT NULL, confidence REAL,
  model INTEGER NOT NULL, residual REAL NOT NULL, top BLOB NOT NULL, cost_ms REAL NOT NULL, cost_j REAL,
  features BLOB NOT NULL, limit_reason TEXT NOT NULL, asked TEXT NOT NULL, is_default INTEGER NOT NULL,
  certified INTEGER NOT NULL, explore_share REAL NOT NULL, explored INTEGER NOT NULL, paired INTEGER NOT NULL,
  label INTEGER, score REAL, told_ms INTEGER) STRICT;
CREATE INDEX input_of_request ON input (request, position);
CREATE TABLE look (input INTEGER NOT NULL, place INTEGER NOT NULL, model INTEGER NOT NULL, ms REAL NOT NULL,
  j REAL, residual REAL NOT NULL, top BLOB NOT NULL, PRIMARY KEY (input, place)) STRICT, WITHOUT ROWID;
CREATE TABLE explored (input INTEGER NOT NULL, model INTEGER NOT NULL, preprocess_ms REAL NOT NULL,
  infer_ms REAL NOT NULL, features_ms REAL NOT NULL, residual REAL NOT NULL, top BLOB NOT NULL,
  features BLOB NOT NULL, PRIMARY KEY (input, model)) STRICT, WITHOUT ROWID;
)sql";

// Number of an input that exploring goes by, uniform in [0, 1) and independent of what the input is: it is
// explored where that lies below the share. So those of a smaller share are among those of a larger one.
[[nodiscard]] double explore_number(std::int64_t input);

// A model that inputs of a policy version are explored with, and what a profile says of it.
struct ExploredModel {
  ModelId id;
  std::string recipe{};  // recipe_key()
  std::string device{};
  int threads = 1;
};

// What the store says of a policy version (policy.about, JSON).
struct ServedPolicyFacts {
  std::string version, kind, zoo, machine;
  Criterion criterion = Criterion::kTop1;
  std::int32_t n_classes = 0;
  std::int64_t max_pixels = 0;
  FeatureSchema schema;
  std::vector<std::string> label_names;
  std::vector<std::string> models;      // PolicyInfo::models, which look.model and input.model index
  std::vector<ExploredModel> explored;  // which explored.model indexes
  // Of these: that the policy is compared with, and that whose answers are the labels; none: not explored, or
  // labels have to be told.
  std::optional<std::size_t> reference, labels_from;
  std::optional<double> max_loss;  // that the certificate promises; none: it has none
};
[[nodiscard]] std::string facts_json(const ServedPolicyFacts& facts);
// Of what its inputs are explored with: differs where figures cannot be put together (policy.explores).
[[nodiscard]] std::string explores_key(const ServedPolicyFacts& facts);
// Throws kProfile, naming `owner`, for a text that is not right.
[[nodiscard]] ServedPolicyFacts parse_facts(const std::string& text, const std::string& owner);

// Opens a store that is there, and checks that it is one. Throws kIo, kProfile.
[[nodiscard]] Database open_feedback(const std::filesystem::path& path, Database::Mode mode);

}  // namespace triage
