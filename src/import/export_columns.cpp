#include "import/export_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

#include "triage/tools/features.h"

namespace triage {
namespace {

constexpr std::string_view kOnlyGroup = "features";

// As many digits as tell it from all others; nothing where there is none.
template <class Number>
std::string digits(Number value) {
  return std::isnan(value) ? std::string() : fmt::format("{}", value);
}

std::string class_text(const Table& table, Label label) {
  if (label == kNoLabel) return {};
  return table.label_names.empty() ? fmt::format("{}", label)
                                   : table.label_names[static_cast<std::size_t>(label)];
}

// Imported answers are certain; where a model gave none, all are alike.
bool is_answered(const Table& table, std::size_t input, ModelIndex model) {
  const TopK& output = table.output(input, model);
  return table.scores.empty() ? output.best() != kNoLabel : output.confidence() >= 1;
}

std::string score_text(const Table& table, std::size_t input, ModelIndex model) {
  const double share = table.score(input, model, Criterion::kTop1);
  if (table.terms.cutoff > 0) return share > 0 ? "1" : "0";
  const bool reads_as_percent = table.terms.worst == 0 && table.terms.best == 100;
  return digits(reads_as_percent ? share : table.terms.shown(share));
}

// Names by which import knows costs, so that it reads them without a description too.
std::string cost_name(const std::string& unit) {
  constexpr std::array<std::string_view, 5> kKnown{"ms", "s", "usd", "eur", "tokens"};
  return std::find(kKnown.begin(), kKnown.end(), unit) != kKnown.end() ? unit : "cost";
}

// CSV has no zero bytes.
std::string csv_text(std::string text) {
  std::replace(text.begin(), text.end(), '\0', ' ');
  return text;
}

class ColumnMaker {
 public:
  ColumnMaker(const Table& table, TableForm form) : table_(table), form_(form) {}

  std::vector<ExportColumn> make() {
    add_inputs();
    if (form_ == TableForm::kLong) {
      add("model", ColumnRole::kModel, "", [this_table = &table_](std::size_t, ModelIndex model) {
        return this_table->models[static_cast<std::size_t>(model)].name;
      });
    }
    add_models();
    add_features();
    return std::move(columns_);
  }

 private:
  template <class Text>
  void add(std::string name, ColumnRole role, std::string of, Text text) {
    names_.insert(name);
    columns_.push_back({{std::move(name), role, std::move(of)}, std::move(text)});
  }

  void add_inputs() {
    const Table* table = &table_;
    add("id", ColumnRole::kId, "", [table](std::size_t i, ModelIndex) { return table->ids[i]; });
    if (!table_.groups.empty()) {
      add("group", ColumnRole::kGroup, "", [table](std::size_t i, ModelIndex) { return table->groups[i]; });
    }
    if (!table_.given_folds.empty()) {
      add("fold", ColumnRole::kFold, "",
          [table](std::size_t i, ModelIndex) { return fmt::format("{}", table->given_folds[i]); });
    }
    if (!table_.texts.empty()) {
      add(text_name(), ColumnRole::kText, "",
          [table](std::size_t i, ModelIndex) { return csv_text(table->texts[i]); });
    }
    const auto& labels = table_.labels;
    if (std::all_of(labels.begin(), labels.end(), [](Label label) { return label == kNoLabel; })) return;
    add("label", ColumnRole::kLabel, "",
        [table](std::size_t i, ModelIndex) { return class_text(*table, table->labels[i]); });
  }

  // A text whose name another column has is called "text <name>".
  [[nodiscard]] std::string text_name() const {
    constexpr std::array<std::string_view, 6> kTaken{"id", "group", "fold", "label", "model", "answer"};
    const bool is_taken = std::find(kTaken.begin(), kTaken.end(), table_.text_name) != kTaken.end();
    return is_taken ? "text " + table_.text_name : table_.text_name;
  }

  void add_models() {
    const Table* table = &table_;
    add_of_model("score", ColumnRole::kScore,
                 [table](std::size_t i, ModelIndex m) { return score_text(*table, i, m); });
    add_of_model(cost_name(table_.terms.cost_unit), ColumnRole::kCost, [table](std::size_t i, ModelIndex m) {
      return digits(static_cast<float>(table->cost_ms(i, m)));
    });
    // Of answers that were imported without signals there is nothing to say.
    if (!table_.signals.empty() || (table_.scores.empty() && !table_.outputs.empty())) {
      add_of_model("signal", ColumnRole::kSignal, [table](std::size_t i, ModelIndex m) {
        return digits(static_cast<float>(table->confidence(i, m)));
      });
    }
    if (table_.outputs.empty()) return;
    add_of_model("answer", ColumnRole::kAnswer, [table](std::size_t i, ModelIndex m) {
      return is_answered(*table, i, m) ? class_text(*table, table->output(i, m).best()) : std::string();
    });
  }

  // Once, or once for each model; empty where the model was not run.
  template <class Text>
  void add_of_model(const std::string& name, ColumnRole role, const Text& text) {
    const auto where_run = [table = &table_, text](std::size_t i, ModelIndex m) {
      return std::isnan(table->score(i, m, Criterion::kTop1)) ? std::string() : text(i, m);
    };
    if (form_ == TableForm::kLong) return add(name, role, "", where_run);
    for (std::size_t m = 0; m < table_.n_models(); ++m) {
      const std::string& model = table_.models[m].name;
      add(fmt::format("{}:{}", model, name), role, model,
          [where_run, m](std::size_t i, ModelIndex) { return where_run(i, static_cast<ModelIndex>(m)); });
    }
  }

  void add_features() {
    const Table* table = &table_;
    const auto& groups = table_.schema.groups;
    for (std::size_t f = 0; f < table_.schema.size(); ++f) {
      const FeatureRef& feature = table_.schema.features[f];
      std::string name = feature.name;
      while (names_.contains(name)) name.insert(0, "feature ");
      add(name, ColumnRole::kFeature, groups.empty() ? std::string(kOnlyGroup) : groups[feature.group],
          [table, f](std::size_t i, ModelIndex) { return digits(table->feature_row(i)[f]); });
    }
    if (table_.schema.size() == 0 ||
        std::all_of(table_.node_ms.begin(), table_.node_ms.end(), [](float ms) { return ms == 0; })) {
      return;
    }
    if (groups.empty()) return add_group_cost(std::string(kOnlyGroup), nodes_of_all());
    for (std::size_t g = 0; g < groups.size(); ++g) add_group_cost(groups[g], std::uint64_t{1} << g);
  }

  [[nodiscard]] std::uint64_t nodes_of_all() const {
    return nodes_of(table_.schema, all_features(table_.schema));
  }

  void add_group_cost(const std::string& group, std::uint64_t nodes) {
    const std::size_t n_nodes = table_.node_ms.size() / table_.n_inputs();
    add(group + ":feature_cost", ColumnRole::kFeatureCost, group,
        [table = &table_, nodes, n_nodes](std::size_t i, ModelIndex) {
          float cost = 0;
          for (std::size_t node = 0; node < n_nodes; ++node) {
            if ((nodes >> node & 1U) != 0) cost += table->node_ms[i * n_nodes + node];
          }
          return digits(cost);
        });
  }

  const Table& table_;
  TableForm form_;
  std::vector<ExportColumn> columns_;
  std::set<std::string> names_;
};

}  // namespace

std::vector<ExportColumn> export_columns(const Table& table, TableForm form) {
  return ColumnMaker(table, form).make();
}

}  // namespace triage
