// Rows to choose for, line by line, so that a program may wait for each choice before it writes the next.
#include <fmt/format.h>

#include <algorithm>
#include <istream>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <unordered_map>

#include "base/csv.h"
#include "import/bad_cells.h"
#include "import/cell_number.h"
#include "policy/text_reduction.h"
#include "triage/choose.h"
#include "triage/error.h"
#include "triage/tools/import.h"

namespace triage {
namespace {

using nlohmann::json;

constexpr std::size_t kNoFeature = static_cast<std::size_t>(-1);
constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

// As an output: an answer with all certainty. One that training did not see is like no other.
TopK output_of(const PolicyInfo& policy, const std::string& answer) {
  const auto& names = policy.label_names;
  const auto known = std::find(names.begin(), names.end(), answer);
  if (known == names.end()) return {};
  const ClassProbability only{static_cast<std::int32_t>(known - names.begin()), 1.0F};
  return TopK::from_parts({&only, 1}, 0.0F, policy.n_classes);
}

}  // namespace

struct FeatureRows::Impl {
  Impl(std::istream& stream, const PolicyInfo& info, TextForm text_form)
      : in(stream), policy(info), form(text_form) {
    for (std::size_t i = 0; i < n_numbers(); ++i) place.emplace(info.schema.features[i].name, i);
  }

  // Features that rows have themselves; what the policy sees of a text stands behind them.
  [[nodiscard]] std::size_t n_numbers() const { return policy.schema.size() - text_numbers(policy).count; }
  [[nodiscard]] bool is_text(std::string_view column) const {
    return policy.text != nullptr && column == policy.text->column;
  }
  void read_text(std::string_view text, FeatureRow& row) const {
    reduce_text(*policy.text, text, std::span(row.features).subspan(n_numbers()));
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::kData, fmt::format("line {}: {}", line, what));
  }

  bool read_line(std::string& text) {
    while (std::getline(in, text)) {
      ++line;
      if (text.ends_with('\r')) text.pop_back();
      if (line == 1 && text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
      if (text.find_first_not_of(" \t") != text.npos) return true;
    }
    return false;
  }

  std::vector<std::string> split(const std::string& text) const {
    auto fields = split_csv_line(text);
    if (!fields) fail("a quote is not closed, expected each row on one line");
    return *fields;
  }

  float number(const std::string& column, std::string_view text) const {
    if (const auto value = cell_number(text)) return static_cast<float>(*value);
    if (is_nothing(text)) return kMissing;
    fail(fmt::format("column {}: {}, expected a number, or nothing", quoted_cell(column), quoted_cell(text)));
  }

  // Every feature has to be there, be it empty: one that is forgotten would be a wrong choice.
  void read_head(const std::string& text) {
    columns = split(text);
    for (const std::string& column : columns) {
      const auto found = place.find(column);
      place_of_column.push_back(found == place.end() ? kNoFeature : found->second);
    }
    for (const auto& feature : std::span(policy.schema.features).first(n_numbers())) {
      if (std::find(columns.begin(), columns.end(), feature.name) != columns.end()) continue;
      fail(fmt::format("has no column '{}', expected all {} features of the policy", feature.name,
                       place.size()));
    }
    if (policy.text != nullptr &&
        std::find(columns.begin(), columns.end(), policy.text->column) == columns.end()) {
      fail(fmt::format("has no column '{}', expected the text that the policy reads", policy.text->column));
    }
  }

  void read_csv(const std::string& text, FeatureRow& row) const {
    const auto fields = split(text);
    if (fields.size() != columns.size()) {
      fail(fmt::format("has {} fields, expected {}, as the line of column names", fields.size(),
                       columns.size()));
    }
    for (std::size_t c = 0; c < columns.size(); ++c) {
      if (place_of_column[c] != kNoFeature) {
        row.features[place_of_column[c]] = number(columns[c], fields[c]);
      } else if (columns[c] == "id") {
        row.id = fields[c];
      }
      if (is_text(columns[c])) read_text(fields[c], row);
    }
  }

  void read_feature(const std::string& name, const json& value, FeatureRow& row) const {
    if (is_text(name) && value.is_string()) return read_text(value.get<std::string>(), row);
    if (is_text(name) && !value.is_null()) {
      fail(fmt::format("{}: is {}, expected a text", quoted_cell(name), value.type_name()));
    }
    const auto found = place.find(name);
    if (found == place.end() || value.is_null()) return;
    if (value.is_boolean()) {
      row.features[found->second] = value.get<bool>() ? 1.0F : 0.0F;
    } else if (value.is_number()) {
      row.features[found->second] = value.get<float>();
    } else {
      row.features[found->second] = number(name, value.is_string() ? value.get<std::string>() : value.dump());
    }
  }

  Look look_of(const json& value) const {
    if (!value.is_object() || !value.contains("model") || !value["model"].is_string()) {
      fail("looks: expected objects with the `model` that ran");
    }
    const auto name = value["model"].get<std::string>();
    const auto model = std::find_if(policy.models.begin(), policy.models.end(),
                                    [&](const PolicyModel& each) { return each.name == name; });
    if (model == policy.models.end())
      fail(fmt::format("looks: model {}, expected one of the policy", quoted_cell(name)));
    Look look;
    look.model = static_cast<ModelIndex>(model - policy.models.begin());
    if (value.contains("answer") && value["answer"].is_string()) {
      look.output = output_of(policy, value["answer"].get<std::string>());
      look.confidence = look.output.confidence();
    }
    if (value.contains("signal") && value["signal"].is_number())
      look.confidence = value["signal"].get<double>();
    look.cost.ms = value.contains("cost") && value["cost"].is_number() ? value["cost"].get<double>() : 0;
    if (value.contains("unanswered") && value["unanswered"].is_boolean())
      look.unanswered = value["unanswered"];
    return look;
  }

  void read_json(const std::string& text, FeatureRow& row) const {
    json value;
    try {
      value = json::parse(text);
    } catch (const json::exception& error) {
      fail(fmt::format("is no JSON ({}), expected an object", error.what()));
    }
    if (!value.is_object()) fail(fmt::format("is {}, expected an object", value.type_name()));
    if (value.contains("id"))
      row.id = value["id"].is_string() ? value["id"].get<std::string>() : value["id"].dump();
    const json& features = value.contains("features") ? value["features"] : value;
    if (!features.is_object()) fail(fmt::format("features: is {}, expected an object", features.type_name()));
    bool has_any = place.empty() && policy.text == nullptr;
    for (const auto& [name, feature] : features.items()) {
      const bool is_known = place.contains(name) || is_text(name);
      has_any = has_any || is_known;
      if (value.contains("features") && !is_known) {
        fail(fmt::format("features: {} is none of the policy's {}", quoted_cell(name), place.size()));
      }
      read_feature(name, feature, row);
    }
    if (value.contains("looks") && !value["looks"].is_array()) fail("looks: expected an array");
    if (value.contains("looks")) {
      for (const json& look : value["looks"]) row.looks.push_back(look_of(look));
    }
    if (has_any) return;
    if (place.empty()) fail(fmt::format("has no text '{}', expected it", policy.text->column));
    fail(fmt::format("has none of the policy's {} features, expected some", place.size()));
  }

  std::istream& in;
  const PolicyInfo& policy;
  TextForm form;
  std::size_t line = 0;
  std::vector<std::string> columns;                    // of CSV
  std::vector<std::size_t> place_of_column;            // in the schema; kNoFeature: none of its features
  std::unordered_map<std::string, std::size_t> place;  // of features in the schema
};

FeatureRows::FeatureRows(std::istream& in, const PolicyInfo& policy, TextForm form)
    : impl_(std::make_unique<Impl>(in, policy, form)) {}
FeatureRows::~FeatureRows() = default;

bool FeatureRows::next(FeatureRow& row) {
  std::string text;
  if (impl_->form == TextForm::kCsv && impl_->columns.empty()) {
    if (!impl_->read_line(text)) return false;
    impl_->read_head(text);
  }
  if (!impl_->read_line(text)) return false;
  row.id = fmt::format("line {}", impl_->line);
  row.features.assign(impl_->policy.schema.size(), kMissing);
  row.looks.clear();
  if (impl_->policy.text != nullptr) impl_->read_text({}, row);
  impl_->form == TextForm::kCsv ? impl_->read_csv(text, row) : impl_->read_json(text, row);
  return true;
}

}  // namespace triage
