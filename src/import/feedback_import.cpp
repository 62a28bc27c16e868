// From a feedback store to a profile, in two passes over what was explored: the first says which inputs, the
// second writes them.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "base/hash.h"
#include "import/feedback_schema.h"
#include "profile/codec.h"
#include "profile/new_profile.h"
#include "triage/error.h"
#include "triage/tools/features.h"
#include "triage/tools/import_feedback.h"

namespace triage {
namespace {

// An explored input that goes into the profile.
struct ExploredRow {
  std::int64_t input = 0, policy = 0;
  std::string id;
  Label label = kNoLabel;
  double share = 0;
};

bool is_same_model(const ExploredModel& a, const ExploredModel& b) {
  return a.id.fingerprint == b.id.fingerprint && a.recipe == b.recipe && a.device == b.device &&
         a.threads == b.threads;
}

// Policy versions whose inputs were explored, by their number.
std::map<std::int64_t, ServedPolicyFacts> read_policies(const Database& store) {
  std::map<std::int64_t, ServedPolicyFacts> policies;
  Statement rows(
      store, "SELECT policy, about FROM policy WHERE policy IN (SELECT policy FROM input WHERE explored)");
  while (rows.step())
    policies.emplace(rows.integer(0, 0, INT64_MAX), parse_facts(rows.text(1), store.name()));
  return policies;
}

// Where each of `wanted`'s models stands among those of another version; none: it lacks one.
std::optional<std::vector<std::size_t>> places_of(const ServedPolicyFacts& wanted,
                                                  const ServedPolicyFacts& other) {
  if (other.schema != wanted.schema || other.n_classes != wanted.n_classes) return std::nullopt;
  std::vector<std::size_t> places;
  for (const ExploredModel& model : wanted.explored) {
    const auto found = std::find_if(other.explored.begin(), other.explored.end(),
                                    [&](const ExploredModel& each) { return is_same_model(each, model); });
    if (found == other.explored.end()) return std::nullopt;
    places.push_back(static_cast<std::size_t>(found - other.explored.begin()));
  }
  return places;
}

class FeedbackImporter {
 public:
  FeedbackImporter(const std::filesystem::path& path, const FeedbackImportOptions& options)
      : store_(open_feedback(path, Database::Mode::kRead)), options_(options) {
    store_.exec("BEGIN");  // one state of it, whatever the server goes on to write
    policies_ = read_policies(store_);
    if (policies_.empty()) fail_empty("no input was explored");
    facts_ = &newest();
    for (const auto& [number, facts] : policies_) {
      if (auto places = places_of(*facts_, facts)) places_.emplace(number, std::move(*places));
    }
    read_rows();
    keep_smallest_share();
  }

  FeedbackImport run(const std::filesystem::path& out) {
    const ProfileHeader header = make_profile_header();
    make_profile(out, header, [&](ProfileWriter& writer) {
      const std::int32_t machine = writer.machine(facts_->machine);
      for (std::size_t i = 0; i < rows_.size(); ++i) {
        InputRecord record = record_of(header, rows_[i]);
        record.input = static_cast<std::int64_t>(i);
        record.machine = machine;
        writer.add(record);
      }
      writer.finish();
    });
    summary_.inputs = rows_.size();
    summary_.models = header.models.size();
    std::set<std::int64_t> versions;
    for (const ExploredRow& row : rows_) versions.insert(row.policy);
    summary_.versions = versions.size();
    return summary_;
  }

 private:
  [[noreturn]] void fail_empty(std::string_view why) const {
    throw Error(
        ErrorCode::kData,
        fmt::format("{}: {}, expected some; let the server explore a share of the inputs, and send it "
                    "their labels",
                    store_.name(), why));
  }

  [[nodiscard]] const ServedPolicyFacts& newest() const {
    const std::int64_t number =
        store_.integer("SELECT policy FROM input WHERE explored ORDER BY input DESC LIMIT 1");
    return policies_.at(number);
  }

  // Those with finite features of all models.
  void read_rows() {
    Statement rows(
        store_,
        "SELECT input, policy, request, position, label, explore_share, (SELECT features FROM "
        "explored WHERE explored.input = input.input AND model = 0) FROM input WHERE explored ORDER "
        "BY input");
    std::vector<float> features(facts_->schema.size());
    while (rows.step()) {
      ExploredRow row;
      row.input = rows.integer(0, 0, INT64_MAX);
      row.policy = rows.integer(1, 0, INT64_MAX);
      if (!places_.contains(row.policy)) {
        ++summary_.other_models;
        continue;
      }
      if (rows.is_null(6) || !decode_floats(rows.blob(6), features)) {
        ++summary_.without_features;
        continue;
      }
      row.id = fmt::format("feedback/{}-{}#{}", row.input, rows.text(2), rows.integer(3, 0, INT64_MAX));
      if (!rows.is_null(4)) {
        row.label = static_cast<Label>(rows.integer(4, 0, facts_->n_classes - 1));
      } else if (!options_.unlabelled) {
        ++summary_.unlabelled;
        continue;
      }
      row.share = rows.real(5);
      rows_.push_back(std::move(row));
    }
    if (rows_.empty()) fail_empty("no input that was explored has a label");
  }

  void keep_smallest_share() {
    summary_.explore_share = 1;
    for (const ExploredRow& row : rows_) summary_.explore_share = std::min(summary_.explore_share, row.share);
    summary_.thinned = std::erase_if(
        rows_, [&](const ExploredRow& row) { return explore_number(row.input) >= summary_.explore_share; });
    if (rows_.empty()) fail_empty("none would have been explored at the least share that was in use");
  }

  [[nodiscard]] ProfileHeader make_profile_header() const {
    ProfileHeader header;
    header.zoo = facts_->zoo;
    header.n_classes = facts_->n_classes;
    header.max_pixels = facts_->max_pixels;
    header.schema = facts_->schema;
    header.label_names = facts_->label_names;
    for (const std::string_view node : feature_nodes()) header.nodes.emplace_back(node);
    std::string text;
    for (const ExploredModel& model : facts_->explored) {
      auto at = std::find(header.recipes.begin(), header.recipes.end(), model.recipe);
      if (at == header.recipes.end()) at = header.recipes.insert(at, model.recipe);
      ProfileModel& profiled = header.models.emplace_back();
      static_cast<ModelId&>(profiled) = model.id;
      profiled.recipe = static_cast<std::int32_t>(at - header.recipes.begin());
      profiled.device = model.device;
      profiled.threads = model.threads;
    }
    for (const ExploredRow& row : rows_) text += fmt::format("{}\n{}\n", row.id, row.label);
    const auto n = static_cast<std::int64_t>(rows_.size());
    header.parts = {{sha256_hex(std::as_bytes(std::span(text))).substr(0, 16), n, {}, 0, n, {}}};
    return header;
  }

  InputRecord record_of(const ProfileHeader& header, const ExploredRow& row) {
    InputRecord record;
    record.id = row.id;
    record.label = row.label;
    record.features.resize(header.schema.size());
    record.node_ms.assign(header.nodes.size(), 0);
    record.preprocess_ms.assign(header.recipes.size(), kNotMeasured);
    record.preprocess_spread.resize(header.recipes.size());
    record.infer_spread.resize(header.models.size());
    for (std::size_t m = 0; m < header.models.size(); ++m) add_model(header, row, m, record);
    return record;
  }

  void add_model(const ProfileHeader& header, const ExploredRow& row, std::size_t m, InputRecord& record) {
    const std::size_t place = places_.at(row.policy)[m];
    Statement& cell = cell_.restart();
    cell.bind(0, row.input).bind(1, static_cast<std::int64_t>(place));
    if (!cell.step()) store_.fail_damaged("an explored input lacks a model");
    const auto top = decode_top(cell.blob(4), cell.real(3), header.n_classes);
    if (!top) store_.fail_damaged("an answer is no list of classes");
    record.outputs.push_back(*top);
    // Beyond the classes that were kept all ranks score alike.
    const std::int32_t beyond = std::min(kTopK + 1, header.n_classes);
    record.ranks.push_back(row.label == kNoLabel ? 0 : top->rank(row.label).value_or(beyond));
    double& preprocess_ms = record.preprocess_ms[static_cast<std::size_t>(header.models[m].recipe)];
    if (std::isnan(preprocess_ms)) preprocess_ms = cell.time_ms(0);
    record.infer_ms.push_back(cell.time_ms(1));
    cell.restart();
    if (m > 0 || header.schema.size() == 0) return;
    add_features(header, row, record);
  }

  // They were extracted with the first model of their version; their time together stands at the first of
  // the nodes that they need.
  void add_features(const ProfileHeader& header, const ExploredRow& row, InputRecord& record) {
    Statement& cell = features_.restart();
    if (!cell.bind(0, row.input).step() || !decode_floats(cell.blob(1), record.features)) {
      store_.fail_damaged("an explored input lacks its features");
    }
    const NodeMask nodes = nodes_of(header.schema, all_features(header.schema));
    const auto first = static_cast<std::size_t>(std::countr_zero(nodes));
    if (first < record.node_ms.size()) record.node_ms[first] = static_cast<float>(cell.time_ms(0));
    cell.restart();
  }

  Database store_;
  FeedbackImportOptions options_;
  std::map<std::int64_t, ServedPolicyFacts> policies_;
  const ServedPolicyFacts* facts_ = nullptr;                 // of the newest
  std::map<std::int64_t, std::vector<std::size_t>> places_;  // of versions that fit it
  std::vector<ExploredRow> rows_;
  FeedbackImport summary_;
  Statement cell_{store_,
                  "SELECT preprocess_ms, infer_ms, features_ms, residual, top FROM explored WHERE input = ? "
                  "AND model = ?"};
  Statement features_{store_, "SELECT features_ms, features FROM explored WHERE input = ? AND model = 0"};
};

}  // namespace

FeedbackImport import_feedback(const std::filesystem::path& store, const std::filesystem::path& out,
                               const FeedbackImportOptions& options) {
  expect_new(out);
  return FeedbackImporter(store, options).run(out);
}

}  // namespace triage
