// The description of a file's columns as JSON, to be looked at and changed by hand.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "triage/error.h"
#include "triage/tools/import.h"

namespace triage {
namespace {

using OrderedColumns = nlohmann::ordered_json;

struct RoleName {
  ColumnRole role;
  std::string_view name;
  bool is_of = false;  // something: a group of features, or in the wide form a model
};
constexpr std::array<RoleName, 13> kRoles{{{ColumnRole::kIgnore, "ignore"},
                                           {ColumnRole::kId, "id"},
                                           {ColumnRole::kGroup, "group"},
                                           {ColumnRole::kFold, "fold"},
                                           {ColumnRole::kLabel, "label"},
                                           {ColumnRole::kFeature, "feature", true},
                                           {ColumnRole::kFeatureCost, "feature cost", true},
                                           {ColumnRole::kText, "text"},
                                           {ColumnRole::kModel, "model"},
                                           {ColumnRole::kScore, "score", true},
                                           {ColumnRole::kCost, "cost", true},
                                           {ColumnRole::kSignal, "signal", true},
                                           {ColumnRole::kAnswer, "answer", true}}};

constexpr std::string_view kHead =
    R"(// How triage imports this table (docs/tables.md). Change what is not right, and give it back by `columns`.
// A column is one of: id, group (inputs that belong together), fold (of an official cross-validation), label
// (the right answer), feature (a number), feature cost, text (one column, of which training makes features),
// ignore; of a model: score, cost, signal (what it says of its own score), answer (right where it is the
// label). `of` is a feature's group or the model; in the long form, one line for each input and model, a column
// is the `model`, and the others stand once.
)";

OrderedColumns column_json(const TableColumn& column) {
  if (column.of.empty()) return to_string(column.role);
  return {{"is", to_string(column.role)}, {"of", column.of}};
}

OrderedColumns number_or_null(const std::optional<double>& value) {
  return value ? OrderedColumns(*value) : OrderedColumns(nullptr);
}

class ColumnsReader {
 public:
  ColumnsReader(const OrderedColumns& object, const std::string& owner) : object_(object), owner_(owner) {
    if (!object_.is_object()) fail("", object_.type_name(), "an object");
    for (const auto& [key, value] : object_.items()) {
      if (key != "form" && key != "separator" && key != "columns" && key != "score" && key != "cost_unit" &&
          key != "cutoff") {
        fail(key, "there", "form, separator, columns, score, cost_unit and cutoff alone");
      }
    }
  }

  TableColumns read() const {
    TableColumns out;
    const std::string form = text(object_, "form", "csv");
    if (form != "csv" && form != "jsonl") fail("form", form, "csv or jsonl");
    out.form = form == "csv" ? TextForm::kCsv : TextForm::kJsonLines;
    const std::string separator = text(object_, "separator", "");
    if (separator.size() > 1) fail("separator", separator, "one character");
    if (!separator.empty()) out.separator = separator.front();
    out.cost_unit = text(object_, "cost_unit", out.cost_unit);
    out.cutoff = number(object_, "cutoff").value_or(0);
    if (!(out.cutoff >= 0)) fail("cutoff", fmt::format("{}", out.cutoff), "0 or more");
    if (object_.contains("score")) read_score(object_["score"], out);
    const auto columns = object_.find("columns");
    if (columns == object_.end() || !columns->is_object()) fail("columns", "none", "an object of columns");
    for (const auto& [name, column] : columns->items()) out.columns.push_back(read_column(name, column));
    return out;
  }

 private:
  [[noreturn]] void fail(std::string_view field, std::string_view found, std::string_view expected) const {
    throw Error(ErrorCode::kData, fmt::format("{}: {}: '{}', expected {}", owner_, field, found, expected));
  }
  [[nodiscard]] std::string text(const OrderedColumns& object, const char* key, std::string otherwise) const {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) return otherwise;
    if (!found->is_string()) fail(key, found->dump(), "a text");
    return found->get<std::string>();
  }
  [[nodiscard]] std::optional<double> number(const OrderedColumns& object, const char* key) const {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) return std::nullopt;
    if (!found->is_number()) fail(key, found->dump(), "a number");
    return found->get<double>();
  }
  void read_score(const OrderedColumns& score, TableColumns& out) const {
    if (!score.is_object()) fail("score", score.dump(), "an object");
    out.score_name = text(score, "name", out.score_name);
    out.worst = number(score, "worst");
    out.best = number(score, "best");
    const auto lower = score.find("lower_is_better");
    if (lower == score.end()) return;
    if (!lower->is_boolean()) fail("lower_is_better", lower->dump(), "true or false");
    out.lower_is_better = lower->get<bool>();
  }
  [[nodiscard]] TableColumn read_column(const std::string& name, const OrderedColumns& column) const {
    const std::string field = fmt::format("columns.{}", name);
    if (!column.is_string() && !column.is_object()) fail(field, column.dump(), "a role, or an object");
    const std::string role = column.is_string() ? column.get<std::string>() : text(column, "is", "");
    const auto found =
        std::find_if(kRoles.begin(), kRoles.end(), [&](const RoleName& each) { return each.name == role; });
    if (found == kRoles.end()) {
      std::vector<std::string_view> known;
      for (const RoleName& each : kRoles) known.push_back(each.name);
      fail(field, role, fmt::format("one of {}", fmt::join(known, ", ")));
    }
    TableColumn out{name, found->role};
    if (column.is_object()) out.of = text(column, "of", "");
    if (!out.of.empty() && !found->is_of) fail(field, out.of, "nothing that it is `of`");
    if (out.of.empty() && (out.role == ColumnRole::kFeature || out.role == ColumnRole::kFeatureCost)) {
      out.of = "features";
    }
    return out;
  }

  const OrderedColumns& object_;
  const std::string& owner_;
};

}  // namespace

std::string_view to_string(ColumnRole role) {
  const auto found =
      std::find_if(kRoles.begin(), kRoles.end(), [&](const RoleName& each) { return each.role == role; });
  return found->name;
}

bool TableColumns::is_long() const {
  return std::any_of(columns.begin(), columns.end(),
                     [](const TableColumn& column) { return column.role == ColumnRole::kModel; });
}

std::string columns_json(const TableColumns& columns) {
  std::string out(kHead);
  out += "{\n";
  const auto put = [&](std::string_view key, const OrderedColumns& value, std::string_view comment) {
    out += fmt::format("  \"{}\": {},{}{}\n", key, value.dump(), comment.empty() ? "" : "  // ", comment);
  };
  put("form", columns.form == TextForm::kCsv ? "csv" : "jsonl", "");
  put("separator",
      columns.separator == kFindSeparator ? OrderedColumns(nullptr)
                                          : OrderedColumns(std::string(1, columns.separator)),
      "of csv; null: whichever of , ; and tab the first line has most of");
  out += "  // What the worst and the best score are; null: 0 and 1, or the range that is seen.\n";
  put("score",
      {{"name", columns.score_name},
       {"worst", number_or_null(columns.worst)},
       {"best", number_or_null(columns.best)},
       {"lower_is_better", columns.lower_is_better}},
      "");
  put("cost_unit", columns.cost_unit, "\"ms\", \"s\", \"usd\", ...");
  put("cutoff", columns.cutoff, "of costs that are run times: scores are PAR10 then; 0: they are none");
  out += "  \"columns\": {\n";
  for (std::size_t i = 0; i < columns.columns.size(); ++i) {
    out += fmt::format("    {}: {}{}\n", OrderedColumns(columns.columns[i].name).dump(),
                       column_json(columns.columns[i]).dump(), i + 1 < columns.columns.size() ? "," : "");
  }
  return out + "  }\n}\n";
}

TableColumns parse_columns_json(std::string_view text, const std::string& owner) {
  OrderedColumns object;
  try {
    object = OrderedColumns::parse(text, nullptr, true, true);
  } catch (const OrderedColumns::exception& error) {
    throw Error(ErrorCode::kData,
                fmt::format("{}: is no JSON ({}), expected a description of columns", owner, error.what()));
  }
  return ColumnsReader(object, owner).read();
}

}  // namespace triage
