// What every table must satisfy before anything is computed from it.
#include <fmt/format.h>

#include <cmath>
#include <unordered_set>

#include "triage/error.h"
#include "triage/tools/table.h"

namespace triage {
namespace {

[[noreturn]] void fail(const std::string& message) {
  throw Error(ErrorCode::kProfile, "table: " + message + "; profile the inputs again");
}

void check_size(std::string_view array, std::size_t found, std::size_t expected) {
  if (found != expected) fail(fmt::format("{} has {} values, expected {}", array, found, expected));
}

// Milliseconds: finite and not negative.
void check_times(std::string_view array, std::span<const float> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!(values[i] >= 0.0F) || std::isinf(values[i])) {
      fail(fmt::format("{}[{}] is {:.4g}, expected a finite time of 0 or more", array, i, values[i]));
    }
  }
}

void check_unique(std::string_view array, const std::vector<std::string>& names) {
  std::unordered_set<std::string_view> seen;
  seen.reserve(names.size());
  for (const std::string& name : names) {
    if (name.empty()) fail(fmt::format("{} has an empty name, expected one for each", array));
    if (!seen.insert(name).second) fail(fmt::format("{} has '{}' twice, expected it once", array, name));
  }
}

void check_models(const Table& table) {
  const std::size_t m = table.n_models();
  if (m == 0) fail("has no models, expected 1 or more");
  std::vector<std::string> names;
  for (const TableModel& model : table.models) names.push_back(model.name);
  check_unique("models", names);
  check_size("recipe_of", table.recipe_of.size(), m);
  for (const std::int32_t recipe : table.recipe_of) {
    if (recipe < 0 || static_cast<std::size_t>(recipe) >= table.n_recipes()) {
      fail(fmt::format("recipe_of has {}, expected 0 to {}", recipe,
                       static_cast<std::int64_t>(table.n_recipes()) - 1));
    }
  }
}

void check_labels(const Table& table) {
  if (table.n_classes < 0) fail(fmt::format("n_classes is {}, expected 0 or more", table.n_classes));
  check_size("labels", table.labels.size(), table.n_inputs());
  for (const Label label : table.labels) {
    if (label != kNoLabel && (label < 0 || label >= table.n_classes)) {
      fail(fmt::format("labels has {}, expected {} (none) or 0 to {}", label, kNoLabel, table.n_classes - 1));
    }
  }
  if (!table.has_drawn_label.empty()) {
    check_size("has_drawn_label", table.has_drawn_label.size(), table.n_inputs());
  }
  if (!table.labels_from.empty() && table.find(table.labels_from) == kNoModel) {
    fail(fmt::format("labels_from is '{}', expected a model of the table", table.labels_from));
  }
  if (!table.label_names.empty()) {
    check_size("label_names", table.label_names.size(), static_cast<std::size_t>(table.n_classes));
  }
}

// Shares, and missing together with their costs.
void check_scores(const Table& table) {
  const std::size_t cells = table.n_inputs() * table.n_models();
  check_size("scores", table.scores.size(), cells);
  for (std::size_t i = 0; i < cells; ++i) {
    const float score = table.scores[i], cost = table.infer_ms[i];
    if (std::isnan(score) && std::isnan(cost)) continue;
    if (!(score >= 0.0F && score <= 1.0F)) {
      fail(fmt::format("scores[{}] is {:.4g}, expected 0 to 1, or none where the model was not run", i,
                       score));
    }
    check_times("infer_ms", {&cost, 1});
  }
  if (!table.signals.empty()) check_size("signals", table.signals.size(), cells);
  for (const float signal : table.signals) {
    if (std::isinf(signal)) fail("signals has an infinite value, expected finite ones, or none");
  }
}

void check_terms(const Terms& terms) {
  if (!std::isfinite(terms.worst) || !std::isfinite(terms.best) || terms.worst == terms.best) {
    fail(fmt::format("terms have scores from {:.6g} to {:.6g}, expected two finite values", terms.worst,
                     terms.best));
  }
  if (!(terms.cutoff >= 0) || std::isinf(terms.cutoff)) {
    fail(fmt::format("terms have a cutoff of {:.6g}, expected 0 or more", terms.cutoff));
  }
}

void check_outputs(const Table& table) {
  const std::size_t cells = table.n_inputs() * table.n_models();
  if (table.scores.empty()) {
    check_times("infer_ms", table.infer_ms);
  } else {
    check_scores(table);
    if (table.outputs.empty() && table.ranks.empty()) return;
  }
  check_size("ranks", table.ranks.size(), cells);
  for (const std::int32_t rank : table.ranks) {
    if (rank < 0 || (table.n_classes > 0 && rank > table.n_classes)) {
      fail(fmt::format("ranks has {}, expected 0 (unknown) to {}", rank, table.n_classes));
    }
  }
  check_size("outputs", table.outputs.size(), cells);
  for (const TopK& output : table.outputs) {
    if (!output.empty() && output.n_classes() != table.n_classes) {
      fail(fmt::format("outputs has one of {} classes, expected {}", output.n_classes(), table.n_classes));
    }
  }
}

void check_selectors(const Table& table) {
  const std::size_t s = table.selectors.size(), cells = table.n_inputs() * s;
  std::vector<std::string> names;
  for (const TableModel& model : table.models) names.push_back(model.name);
  for (const TableSelector& selector : table.selectors) {
    names.push_back(selector.name);
    if (selector.chooses.empty()) fail(fmt::format("selector '{}' chooses nothing", selector.name));
    for (const std::string& name : selector.chooses) {
      if (!name.empty() && table.find(name) == kNoModel) {
        fail(fmt::format("selector '{}' chooses '{}', expected models of the table", selector.name, name));
      }
    }
  }
  check_unique("models and selectors", names);
  check_size("selector_recipe_of", table.selector_recipe_of.size(), s);
  for (const std::int32_t recipe : table.selector_recipe_of) {
    if (recipe < 0 || static_cast<std::size_t>(recipe) >= table.n_recipes()) {
      fail(fmt::format("selector_recipe_of has {}, expected 0 to {}", recipe,
                       static_cast<std::int64_t>(table.n_recipes()) - 1));
    }
  }
  check_size("selector_outputs", table.selector_outputs.size(), cells);
  for (std::size_t i = 0; i < cells; ++i) {
    const TopK& output = table.selector_outputs[i];
    const std::size_t expected = table.selectors[i % s].chooses.size();
    if (output.empty() || static_cast<std::size_t>(output.n_classes()) != expected) {
      fail(fmt::format("selector_outputs has one of {} classes, expected {}", output.n_classes(), expected));
    }
  }
  check_size("selector_ms", table.selector_ms.size(), cells);
  check_times("selector_ms", table.selector_ms);
}

// What features cost together.
std::size_t n_nodes(const Table& table) {
  return table.schema.groups.empty() ? feature_nodes().size() : table.schema.groups.size();
}

void check_features(const Table& table) {
  const std::size_t n = table.n_inputs();
  const bool are_ours = table.schema.groups.empty();
  const std::size_t n_parts = are_ours ? table.schema.size() : table.schema.groups.size();
  if (n_parts > 64) {
    fail(fmt::format("schema has {} {}, expected 64 at most", n_parts,
                     are_ours ? "features" : "groups of features"));
  }
  std::vector<std::string> names;
  for (const FeatureRef& feature : table.schema.features) names.push_back(feature.name);
  check_unique("schema", names);
  check_size("features", table.features.size(), n * table.schema.size());
  for (std::size_t i = 0; i < table.features.size(); ++i) {
    if (std::isfinite(table.features[i]) || (!are_ours && std::isnan(table.features[i]))) continue;
    fail(fmt::format("features[{}] is {:.4g}, expected a finite value", i, table.features[i]));
  }
  // A table without features may come without their costs.
  for (const FeatureRef& feature : table.schema.features) {
    if (are_ours || feature.group < n_parts) continue;
    fail(fmt::format("schema has feature '{}' in group {}, expected 0 to {}", feature.name, feature.group,
                     n_parts - 1));
  }
  if (!names.empty() || !table.node_ms.empty())
    check_size("node_ms", table.node_ms.size(), n * n_nodes(table));
  check_times("node_ms", table.node_ms);
}

// Absent, or NaN or 0 and more for each.
void check_joules(std::string_view array, const std::vector<double>& values, std::size_t expected) {
  if (!values.empty()) check_size(array, values.size(), expected);
  for (const double value : values) {
    if (std::isnan(value) || (value >= 0 && std::isfinite(value))) continue;
    fail(fmt::format("{} has {:.4g}, expected joules of 0 or more, or none", array, value));
  }
}

void check_sources(const Table& table) {
  if (table.sources.empty() && table.source_of.empty()) return;
  check_size("source_of", table.source_of.size(), table.n_inputs());
  for (std::size_t i = 0; i < table.source_of.size(); ++i) {
    if (table.source_of[i] >= 0 && table.source_of[i] < std::ssize(table.sources)) continue;
    fail(fmt::format("source_of[{}] is {}, expected 0 to {}", i, table.source_of[i],
                     std::ssize(table.sources) - 1));
  }
}

}  // namespace

void check_table(const Table& table) {
  const std::size_t n = table.n_inputs();
  if (n == 0) fail("has no inputs, expected 1 or more");
  check_unique("ids", table.ids);
  if (!table.picture_hashes.empty()) check_size("picture_hashes", table.picture_hashes.size(), n);
  if (!table.groups.empty()) check_size("groups", table.groups.size(), n);
  check_sources(table);
  if (table.preprocess_ms.size() % n != 0) {
    fail(
        fmt::format("preprocess_ms has {} values, expected a multiple of {}", table.preprocess_ms.size(), n));
  }
  check_models(table);
  check_labels(table);
  check_terms(table.terms);
  check_size("infer_ms", table.infer_ms.size(), n * table.n_models());
  if (!table.given_folds.empty()) check_size("given_folds", table.given_folds.size(), n);
  check_outputs(table);
  check_selectors(table);
  check_times("preprocess_ms", table.preprocess_ms);
  check_features(table);
  if (!table.texts.empty()) check_size("texts", table.texts.size(), n);
  if (table.texts.empty() != table.text_name.empty())
    fail("has texts without a name, or a name without texts");
  check_size("decode_ms", table.decode_ms.size(), n);
  check_times("decode_ms", table.decode_ms);
  check_joules("infer_j", table.energy.infer_j, table.n_models());
  check_joules("selector_j", table.energy.selector_j, table.selectors.size());
  check_joules("preprocess_j", table.energy.preprocess_j, table.n_recipes());
  check_joules("node_j", table.energy.node_j, n_nodes(table));
}

}  // namespace triage
