// What a file's columns are, by their names and what is in them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "import/cell_number.h"
#include "import/record_reader.h"
#include "triage/error.h"

namespace triage {
namespace {

struct KnownName {
  std::string_view name;
  ColumnRole role;
  std::string_view unit = {};  // of a cost
};

// Of the input.
constexpr std::array<KnownName, 15> kOfInput{{{"id", ColumnRole::kId},
                                              {"input", ColumnRole::kId},
                                              {"input_id", ColumnRole::kId},
                                              {"instance", ColumnRole::kId},
                                              {"instance_id", ColumnRole::kId},
                                              {"question_id", ColumnRole::kId},
                                              {"prompt_id", ColumnRole::kId},
                                              {"sample_id", ColumnRole::kId},
                                              {"group", ColumnRole::kGroup},
                                              {"fold", ColumnRole::kFold},
                                              {"label", ColumnRole::kLabel},
                                              {"truth", ColumnRole::kLabel},
                                              {"right_answer", ColumnRole::kLabel},
                                              {"model", ColumnRole::kModel},
                                              {"algorithm", ColumnRole::kModel}}};

// Of a model: behind its name and a colon, or alone in the long form.
constexpr std::array<KnownName, 20> kOfModel{
    {{"score", ColumnRole::kScore},           {"quality", ColumnRole::kScore},
     {"correct", ColumnRole::kScore},         {"accuracy", ColumnRole::kScore},
     {"cost", ColumnRole::kCost, "cost"},     {"usd", ColumnRole::kCost, "usd"},
     {"eur", ColumnRole::kCost, "eur"},       {"price", ColumnRole::kCost, "cost"},
     {"ms", ColumnRole::kCost, "ms"},         {"time_ms", ColumnRole::kCost, "ms"},
     {"latency_ms", ColumnRole::kCost, "ms"}, {"s", ColumnRole::kCost, "s"},
     {"seconds", ColumnRole::kCost, "s"},     {"runtime", ColumnRole::kCost, "s"},
     {"tokens", ColumnRole::kCost, "tokens"}, {"signal", ColumnRole::kSignal},
     {"confidence", ColumnRole::kSignal},     {"answer", ColumnRole::kAnswer},
     {"prediction", ColumnRole::kAnswer},     {"output", ColumnRole::kAnswer}}};

constexpr std::string_view kFeatureCost = ":feature_cost";  // behind the name of a group

template <class Names>
const KnownName* find_name(const Names& names, std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const auto at =
      std::find_if(names.begin(), names.end(), [&](const KnownName& n) { return n.name == lower; });
  return at == names.end() ? nullptr : &*at;
}

// "gpt-4:usd": the model and what the column is of it.
struct ModelColumn {
  std::string model;
  const KnownName* known = nullptr;
};
std::optional<ModelColumn> model_column(const std::string& name) {
  const std::size_t colon = name.rfind(':');
  if (colon == name.npos || colon == 0) return std::nullopt;
  const KnownName* known = find_name(kOfModel, std::string_view(name).substr(colon + 1));
  if (known == nullptr) return std::nullopt;
  return ModelColumn{std::string(trimmed_cell(std::string_view(name).substr(0, colon))), known};
}

// By column: whether all that is there is a number, and anything is.
std::vector<bool> numeric_columns(RecordReader& reader) {
  const std::size_t n = reader.columns().size();
  std::vector<bool> has_number(n, false), has_text(n, false);
  TextRecord record;
  BadCells ignored(reader.name());  // importing says so
  while (reader.next(record, ignored)) {
    for (std::size_t i = 0; i < n; ++i) {
      if (has_text[i] || is_nothing(record.fields[i])) continue;
      (cell_number(record.fields[i]) ? has_number : has_text)[i] = true;
    }
  }
  for (std::size_t i = 0; i < n; ++i) has_number[i] = has_number[i] && !has_text[i];
  return has_number;
}

class Guess {
 public:
  Guess(TableColumns& out, std::span<const TableColumn> given) : out_(out), given_(given) {}

  void make(const std::vector<std::string>& names, const std::vector<bool>& is_number) {
    expect_given(names);
    const bool is_long = is_given(ColumnRole::kModel) ||
                         std::any_of(names.begin(), names.end(), [this](const std::string& name) {
                           const KnownName* known = find_name(kOfInput, name);
                           return known != nullptr && known->role == ColumnRole::kModel && !given(name);
                         });
    for (const TableColumn& column : given_) take(column);
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (const TableColumn* known = given(names[i])) {
        out_.columns.push_back({names[i], known->role, of_given(*known)});
      } else {
        add(names[i], is_long, is_number[i]);
      }
    }
  }

 private:
  [[nodiscard]] const TableColumn* given(const std::string& name) const {
    const auto at = std::find_if(given_.begin(), given_.end(), [&](const auto& c) { return c.name == name; });
    return at == given_.end() ? nullptr : &*at;
  }
  [[nodiscard]] bool is_given(ColumnRole role) const {
    return std::any_of(given_.begin(), given_.end(), [&](const auto& c) { return c.role == role; });
  }
  void expect_given(const std::vector<std::string>& names) const {
    for (const TableColumn& column : given_) {
      if (std::find(names.begin(), names.end(), column.name) != names.end()) continue;
      throw Error(ErrorCode::kUsage, fmt::format("column {}: is not in the table, expected one of: {}",
                                                 quoted_cell(column.name), fmt::join(names, ", ")));
    }
  }
  static std::string of_given(const TableColumn& column) {
    if (column.role == ColumnRole::kFeature) return "features";
    const auto own = model_column(column.name);
    const bool is_of_model = column.role >= ColumnRole::kScore && column.role <= ColumnRole::kAnswer;
    return is_of_model && own ? own->model : std::string();
  }
  void take(const TableColumn& column) {
    taken_.emplace(column.role, column.role == ColumnRole::kFeature ? "" : of_given(column));
  }

  void add(const std::string& name, bool is_long, bool is_number) {
    if (name.size() > kFeatureCost.size() && name.ends_with(kFeatureCost)) {
      const std::string group = name.substr(0, name.size() - kFeatureCost.size());
      out_.columns.push_back({name, ColumnRole::kFeatureCost, group});
      return;
    }
    if (const auto own = is_long ? std::nullopt : model_column(name)) {
      return add_of_model(name, own->model, *own->known);
    }
    const KnownName* alone = is_long ? find_name(kOfModel, name) : nullptr;
    if (alone != nullptr) return add_of_model(name, "", *alone);
    const KnownName* of_input = find_name(kOfInput, name);
    if (of_input != nullptr && taken_.emplace(of_input->role, "").second) {
      out_.columns.push_back({name, of_input->role});
    } else if (is_number) {
      out_.columns.push_back({name, ColumnRole::kFeature, "features"});
    } else {
      out_.columns.push_back({name, ColumnRole::kIgnore});
    }
  }

  // Each of a model's columns once: the first, of costs in the first unit. Others are no features, since they
  // are known only when the model has run.
  void add_of_model(const std::string& name, const std::string& model, const KnownName& known) {
    const bool is_cost = known.role == ColumnRole::kCost;
    if (is_cost && unit_.empty()) out_.cost_unit = unit_ = known.unit;
    const bool is_taken = (!is_cost || known.unit == unit_) && taken_.emplace(known.role, model).second;
    if (is_taken) {
      out_.columns.push_back({name, known.role, model});
    } else {
      out_.columns.push_back({name, ColumnRole::kIgnore});
    }
  }

  TableColumns& out_;
  std::span<const TableColumn> given_;
  std::string unit_;  // of the first cost
  std::set<std::pair<ColumnRole, std::string>> taken_;
};

TableColumns guess_from(RecordReader& reader, std::span<const TableColumn> known) {
  TableColumns out;
  const auto is_number = numeric_columns(reader);
  Guess(out, known).make(reader.columns(), is_number);
  return out;
}

}  // namespace

TableColumns guess_columns(const std::filesystem::path& file, TextForm form, char separator,
                           const std::stop_token& stop, std::span<const TableColumn> known) {
  TableColumns out = guess_from(*open_records(file, form, separator, stop), known);
  out.form = form;
  out.separator = separator;
  return out;
}

TableColumns guess_columns(std::span<const TextColumn> table, std::span<const TableColumn> known) {
  return guess_from(*open_columns(table, "table"), known);
}

}  // namespace triage
