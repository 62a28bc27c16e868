#include "import/table_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "triage/error.h"

namespace triage {
namespace {

class LayoutMaker {
 public:
  LayoutMaker(const TableColumns& columns, const std::vector<std::string>& names, const std::string& file)
      : columns_(columns), names_(names), file_(file) {
    for (const TableColumn& column : columns.columns) {
      if (!described_.emplace(column.name, &column).second) {
        fail(fmt::format("column '{}' is described twice, expected once", column.name));
      }
    }
  }

  TableLayout make() {
    std::size_t n_found = 0;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const auto found = described_.find(names_[i]);
      if (found == described_.end()) {
        out_.ignored.push_back(names_[i]);
        continue;
      }
      ++n_found;
      add(*found->second, i);
    }
    if (n_found < described_.size()) fail_missing();
    finish();
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::kUsage, fmt::format("{}: {}", file_, what));
  }
  [[noreturn]] void fail_missing() const {
    const auto missing =
        std::find_if(columns_.columns.begin(), columns_.columns.end(), [&](const TableColumn& column) {
          return std::find(names_.begin(), names_.end(), column.name) == names_.end();
        });
    fail(fmt::format("has no column '{}', expected it, as the description of its columns says",
                     missing->name));
  }

  void set(ColumnPlace& place, const TableColumn& column, std::size_t at) {
    if (place) {
      fail(fmt::format("columns '{}' and '{}' are both the {}{}, expected one", names_[*place], column.name,
                       to_string(column.role), column.of.empty() ? "" : fmt::format(" of '{}'", column.of)));
    }
    place = at;
  }

  void add(const TableColumn& column, std::size_t at) {
    switch (column.role) {
      case ColumnRole::kIgnore:
        out_.ignored.push_back(column.name);
        return;
      case ColumnRole::kId:
        return set(out_.id, column, at);
      case ColumnRole::kGroup:
        return add_of_input(out_.group, column, at);
      case ColumnRole::kFold:
        return add_of_input(out_.fold, column, at);
      case ColumnRole::kLabel:
        return add_of_input(out_.label, column, at);
      case ColumnRole::kText:
        return add_of_input(out_.text, column, at);
      case ColumnRole::kModel:
        return set(out_.model, column, at);
      case ColumnRole::kFeature:
        out_.features.push_back(at);
        out_.of_input.push_back(at);
        out_.schema.features.push_back({column.name, 0, group_of(column.of)});
        return;
      case ColumnRole::kFeatureCost: {
        const std::size_t group = group_of(column.of);
        return add_of_input(out_.group_costs[group], column, at);
      }
      case ColumnRole::kScore:
        return set(model_of(column).score, column, at);
      case ColumnRole::kCost:
        return set(model_of(column).cost, column, at);
      case ColumnRole::kSignal:
        return set(model_of(column).signal, column, at);
      case ColumnRole::kAnswer:
        return set(model_of(column).answer, column, at);
    }
  }

  void add_of_input(ColumnPlace& place, const TableColumn& column, std::size_t at) {
    set(place, column, at);
    out_.of_input.push_back(at);
  }

  std::size_t group_of(const std::string& name) {
    auto& groups = out_.schema.groups;
    const auto found = std::find(groups.begin(), groups.end(), name);
    if (found != groups.end()) return static_cast<std::size_t>(found - groups.begin());
    groups.push_back(name);
    out_.group_costs.emplace_back();
    return groups.size() - 1;
  }

  ModelPlaces& model_of(const TableColumn& column) {
    if (columns_.is_long() != column.of.empty()) {
      fail(fmt::format("column '{}' is the {} of {}, expected {}", column.name, to_string(column.role),
                       column.of.empty() ? "no model" : fmt::format("model '{}'", column.of),
                       columns_.is_long() ? "none by name, since another column has the model"
                                          : "the name of a model, or a column that has it"));
    }
    const auto [known, is_new] = models_.emplace(column.of, out_.models.size());
    if (is_new) out_.models.push_back({column.of, {}, {}, {}, {}});
    return out_.models[known->second];
  }

  void finish() const {
    if (out_.models.empty()) {
      fail(
          "no column is the score of a model, expected one for each, such as 'MODEL:score', or columns "
          "'model' and 'score'; describe the columns");
    }
    for (const ModelPlaces& places : out_.models) {
      const bool is_answered = places.answer && out_.label;
      if (places.score || is_answered || (columns_.cutoff > 0 && places.cost)) continue;
      fail(fmt::format(
          "{} has no score, expected a column of it, or of its answers and one of labels",
          places.model.empty() ? std::string("a model") : fmt::format("model '{}'", places.model)));
    }
    if (out_.is_long() && !out_.id) {
      fail("no column is the id of the input, expected one, since each line is of one input and one model");
    }
    if (columns_.cutoff > 0 && !out_.has(&ModelPlaces::cost)) {
      fail("has a cutoff but no column of costs, expected the run times");
    }
    if (columns_.worst.has_value() != columns_.best.has_value() ||
        (columns_.worst && *columns_.worst == *columns_.best)) {
      fail("the range of scores has one end, expected two that differ, or none");
    }
  }

  const TableColumns& columns_;
  const std::vector<std::string>& names_;
  const std::string& file_;
  std::unordered_map<std::string, const TableColumn*> described_;
  std::unordered_map<std::string, std::size_t> models_;
  TableLayout out_;
};

}  // namespace

bool TableLayout::has(ColumnPlace ModelPlaces::*place) const {
  return std::any_of(models.begin(), models.end(),
                     [&](const ModelPlaces& each) { return (each.*place).has_value(); });
}

TableLayout make_layout(const TableColumns& columns, const std::vector<std::string>& names,
                        const std::string& file) {
  return LayoutMaker(columns, names, file).make();
}

}  // namespace triage
