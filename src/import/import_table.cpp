// From CSV and JSON lines to a file of outcomes, in two passes: the first checks every cell and learns names
// and ranges, the second writes.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "base/hash.h"
#include "import/record_values.h"
#include "profile/outcomes.h"
#include "triage/error.h"

namespace triage {
namespace {

// Names by their first appearance.
class NumberedNames {
 public:
  std::int32_t add(std::string_view name) {
    const auto [known, is_new] = number_.emplace(std::string(name), static_cast<std::int32_t>(names_.size()));
    if (is_new) names_.push_back(known->first);
    return known->second;
  }
  [[nodiscard]] std::int32_t at(std::string_view name) const { return number_.at(std::string(name)); }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  std::unordered_map<std::string, std::int32_t> number_;
  std::vector<std::string> names_;
};

struct ScoreRange {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

// What the first pass learns.
struct Learned {
  NumberedNames models, answers;
  ScoreRange scores;
};

class FirstPass {
 public:
  FirstPass(RecordReader& reader, const TableLayout& layout, const TableColumns& columns)
      : reader_(reader),
        layout_(layout),
        columns_(columns),
        bad_(reader.name()),
        values_(layout, reader.columns(), bad_) {}

  Learned run() {
    if (!layout_.is_long()) {
      for (const ModelPlaces& places : layout_.models) learned_.models.add(places.model);
    }
    TextRecord record;
    while (reader_.next(record, bad_)) add(record);
    if (inputs_.empty()) bad_.add(2, "is missing, expected a line for each input");
    bad_.throw_if_any();
    return std::move(learned_);
  }

 private:
  void add(const TextRecord& record) {
    Known& input = add_input(record);
    if (!layout_.is_long()) {
      for (std::size_t m = 0; m < layout_.models.size(); ++m) add_cell(record, input, m, layout_.models[m]);
      return;
    }
    const std::string_view model = values_.model(record);
    if (model.empty()) {
      bad_.add(record.line, reader_.columns()[*layout_.model], "'', expected the name of a model");
      return;
    }
    add_cell(record, input, static_cast<std::size_t>(learned_.models.add(model)), layout_.models.front());
  }

  // An input of one line or more, as in the long form; what they say of it has to be the same.
  struct Known {
    std::size_t line = 0;    // the first
    std::uint64_t said = 0;  // hash of its features and so on
    std::vector<bool> has;   // by model
  };

  Known& add_input(const TextRecord& record) {
    const std::string id = values_.id(record);
    std::uint64_t said = 0;
    for (const std::size_t place : layout_.of_input) said = hash64(said, record.fields[place]);
    const auto [known, is_new] = inputs_.emplace(id, Known{record.line, said, {}});
    if (is_new) {
      values_.features(record, features_, costs_);
      (void)values_.fold(record);
      if (!values_.label(record).empty()) learned_.answers.add(values_.label(record));
    } else if (known->second.said != said) {
      bad_.add(record.line,
               fmt::format("says something else of input {} than line {}, expected the same features, label, "
                           "fold and group in all of its lines; leave out columns that are of the model",
                           quoted_cell(id), known->second.line));
    }
    return known->second;
  }

  void add_cell(const TextRecord& record, Known& input, std::size_t model, const ModelPlaces& places) {
    const auto cell = values_.cell(record, places);
    if (!cell) return;
    if (input.has.size() <= model) input.has.resize(model + 1, false);
    if (input.has[model]) {
      bad_.add(record.line,
               fmt::format(
                   "has model {} on input {} again, expected each pair once; the input is in line {} too",
                   quoted_cell(learned_.models.names()[model]), quoted_cell(values_.id(record)), input.line));
    }
    input.has[model] = true;
    if (!cell->answer.empty()) learned_.answers.add(cell->answer);
    if (!cell->score) return;
    learned_.scores.include(*cell->score);
    if (!columns_.worst || columns_.cutoff > 0) return;
    const auto [low, high] = std::minmax(*columns_.worst, *columns_.best);
    if (*cell->score >= low && *cell->score <= high) return;
    bad_.add(record.line, reader_.columns()[*places.score],
             fmt::format("{}, expected {} to {}", *cell->score, low, high));
  }

  RecordReader& reader_;
  const TableLayout& layout_;
  const TableColumns& columns_;
  BadCells bad_;
  RecordValues values_;
  Learned learned_;
  std::unordered_map<std::string, Known> inputs_;
  std::vector<float> features_, costs_;
};

// How scores of the file become shares.
struct ScoreScale {
  double worst = 0, best = 1;
  [[nodiscard]] double share(double score) const {
    return std::clamp((score - worst) / (best - worst), 0.0, 1.0);
  }
};

ScoreScale scale_of(const TableColumns& columns, const ScoreRange& seen) {
  if (columns.worst) return {*columns.worst, *columns.best};
  double low = 0, high = 1;
  if (seen.low < 0 || seen.high > 1) {
    low = seen.low;
    high = seen.high > seen.low ? seen.high : seen.low + 1;
  }
  return columns.lower_is_better ? ScoreScale{high, low} : ScoreScale{low, high};
}

Terms terms_of(const TableColumns& columns, const TableLayout& layout, const ScoreScale& scale) {
  Terms terms;
  terms.cost_unit = layout.has(&ModelPlaces::cost) ? columns.cost_unit : "runs";
  if (columns.cutoff > 0) {
    terms.score = "PAR10";
    terms.worst = 10 * columns.cutoff;
    terms.best = 0;
    terms.score_unit = columns.cost_unit;
    terms.cutoff = columns.cutoff;
    return terms;
  }
  terms.score = layout.has(&ModelPlaces::score) ? columns.score_name : "accuracy";
  if (scale.worst == 0 && scale.best == 1) return terms;
  terms.worst = scale.worst;
  terms.best = scale.best;
  terms.score_unit = "";
  return terms;
}

class SecondPass {
 public:
  SecondPass(RecordReader& reader, const TableLayout& layout, const TableColumns& columns, Learned learned,
             const std::filesystem::path& out)
      : reader_(reader),
        layout_(layout),
        bad_(reader.name()),
        values_(layout, reader.columns(), bad_),
        learned_(std::move(learned)),
        scale_(scale_of(columns, learned_.scores)),
        terms_(terms_of(columns, layout, scale_)),
        writer_(out, header()) {}

  ImportSummary run() {
    TextRecord record;
    while (reader_.next(record, bad_)) {
      const std::int64_t input = add_input(record);
      if (layout_.is_long()) {
        add_cell(record, input, learned_.models.at(values_.model(record)), layout_.models.front());
        continue;
      }
      for (std::size_t m = 0; m < layout_.models.size(); ++m) {
        add_cell(record, input, static_cast<ModelIndex>(m), layout_.models[m]);
      }
    }
    bad_.throw_if_any();  // the file changed in between
    writer_.finish();
    summary_.inputs = inputs_.size();
    summary_.models = learned_.models.names().size();
    summary_.features = layout_.schema.size();
    if (layout_.has(&ModelPlaces::answer)) summary_.answers = learned_.answers.names().size();
    summary_.missing_cells = summary_.inputs * summary_.models - summary_.cells;
    summary_.ignored = layout_.ignored;
    summary_.terms = terms_;
    return summary_;
  }

 private:
  [[nodiscard]] OutcomeHeader header() const {
    OutcomeHeader header;
    header.source = std::filesystem::path(reader_.name()).filename().string();
    header.terms = terms_;
    header.models = learned_.models.names();
    header.schema = layout_.schema;
    if (layout_.has(&ModelPlaces::answer)) header.answers = learned_.answers.names();
    if (layout_.text) header.text_name = reader_.columns()[*layout_.text];
    header.has_folds = layout_.fold.has_value();
    header.has_signals = layout_.has(&ModelPlaces::signal);
    return header;
  }

  std::int64_t add_input(const TextRecord& record) {
    OutcomeInput input;
    input.id = values_.id(record);
    if (const auto known = inputs_.find(input.id); known != inputs_.end()) return known->second;
    input.group = values_.group(record);
    input.fold = values_.fold(record);
    input.text = values_.prompt(record);
    summary_.texts += input.text.empty() ? 0 : 1;
    if (layout_.has(&ModelPlaces::answer) && !values_.label(record).empty()) {
      input.label = learned_.answers.at(values_.label(record));
    }
    values_.features(record, input.features, input.feature_costs);
    for (const float value : input.features) summary_.missing_features += std::isnan(value) ? 1 : 0;
    return inputs_.emplace(input.id, writer_.add_input(input)).first->second;
  }

  void add_cell(const TextRecord& record, std::int64_t input, ModelIndex model, const ModelPlaces& places) {
    const auto values = values_.cell(record, places);
    if (!values) return;
    OutcomeCell cell;
    cell.score = static_cast<float>(score_of(*values, values_.label(record)));
    cell.cost = static_cast<float>(cost_of(*values));
    if (values->signal) cell.signal = static_cast<float>(*values->signal);
    if (!values->answer.empty()) cell.answer = learned_.answers.at(values->answer);
    writer_.add_cell(input, model, cell);
    ++summary_.cells;
  }

  [[nodiscard]] double cost_of(const CellValues& values) const {
    const double cost = values.cost.value_or(1);
    return terms_.cutoff > 0 ? std::min(cost, terms_.cutoff) : cost;
  }
  [[nodiscard]] double score_of(const CellValues& values, std::string_view label) const {
    const double said = values.score ? *values.score : values.answer == label && !label.empty() ? 1 : 0;
    if (terms_.cutoff <= 0) return scale_.share(said);
    // Programs that are stopped are often recorded as taking just the cutoff.
    return terms_.score_of_time(*values.cost, values.score ? said > 0 : *values.cost < terms_.cutoff);
  }

  RecordReader& reader_;
  const TableLayout& layout_;
  BadCells bad_;
  RecordValues values_;
  Learned learned_;
  ScoreScale scale_;
  Terms terms_;
  OutcomeWriter writer_;
  std::unordered_map<std::string, std::int64_t> inputs_;
  ImportSummary summary_;
};

ImportSummary import_records(RecordReader& reader, const TableColumns& columns,
                             const std::filesystem::path& out) {
  const TableLayout layout = make_layout(columns, reader.columns(), reader.name());
  Learned learned = FirstPass(reader, layout, columns).run();
  reader.rewind();
  return SecondPass(reader, layout, columns, std::move(learned), out).run();
}

}  // namespace

ImportSummary import_table(const std::filesystem::path& file, const TableColumns& columns,
                           const std::filesystem::path& out, const std::stop_token& stop) {
  return import_records(*open_records(file, columns.form, columns.separator, stop), columns, out);
}

ImportSummary import_table(std::span<const TextColumn> table, std::string_view name,
                           const TableColumns& columns, const std::filesystem::path& out,
                           const std::stop_token& stop) {
  return import_records(*open_columns(table, std::string(name), stop), columns, out);
}

}  // namespace triage
