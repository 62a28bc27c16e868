// Tables: from files, from columns in memory, from what callables answered.
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <limits>

#include "core.h"
#include "interruptible.h"
#include "triage/error.h"
#include "triage/tools/export.h"
#include "triage/tools/import.h"
#include "triage/tools/import_aslib.h"
#include "triage/tools/profile.h"
#include "triage/tools/rows.h"

namespace triage::python {
namespace {

namespace fs = std::filesystem;

template <class T>
nb::object view(nb::handle self, const std::vector<T>& values, std::size_t rows, std::size_t columns) {
  return nb::cast(
      nb::ndarray<nb::numpy, const T, nb::ndim<2>, nb::c_contig>(values.data(), {rows, columns}, self));
}

NewMatrix<float> scores_of(const Table& table, const std::string& criterion) {
  const Criterion by = parse_criterion(criterion);
  std::vector<float> scores(table.n_inputs() * table.n_models());
  for (std::size_t i = 0; i < table.n_inputs(); ++i) {
    for (std::size_t m = 0; m < table.n_models(); ++m) {
      const double share = table.score(i, static_cast<ModelIndex>(m), by);
      scores[table.at(i, static_cast<ModelIndex>(m))] = static_cast<float>(share);
    }
  }
  return matrix_of(std::move(scores), table.n_inputs(), table.n_models());
}

NewMatrix<float> costs_of(const Table& table) {
  std::vector<float> costs(table.n_inputs() * table.n_models());
  for (std::size_t i = 0; i < table.n_inputs(); ++i) {
    for (std::size_t m = 0; m < table.n_models(); ++m) {
      costs[table.at(i, static_cast<ModelIndex>(m))] =
          static_cast<float>(table.cost_ms(i, static_cast<ModelIndex>(m)));
    }
  }
  return matrix_of(std::move(costs), table.n_inputs(), table.n_models());
}

// The best class of each answer, or -1; and how sure the model was.
NewMatrix<std::int32_t> answers_of(const Table& table) {
  std::vector<std::int32_t> answers(table.n_inputs() * table.n_models(), kNoLabel);
  for (std::size_t at = 0; at < table.outputs.size(); ++at) answers[at] = table.outputs[at].best();
  return matrix_of(std::move(answers), table.n_inputs(), table.n_models());
}
NewMatrix<float> confidences_of(const Table& table) {
  std::vector<float> sure(table.n_inputs() * table.n_models());
  for (std::size_t i = 0; i < table.n_inputs(); ++i) {
    for (std::size_t m = 0; m < table.n_models(); ++m) {
      const auto model = static_cast<ModelIndex>(m);
      const bool is_known = !table.signals.empty() || !table.outputs.empty();
      sure[table.at(i, model)] =
          is_known ? static_cast<float>(table.confidence(i, model)) : std::numeric_limits<float>::quiet_NaN();
    }
  }
  return matrix_of(std::move(sure), table.n_inputs(), table.n_models());
}

Table load_tables(const std::vector<fs::path>& paths, const std::string& labels_from, bool allow_partial) {
  Table table = load_table(paths, allow_partial);
  if (!labels_from.empty()) label_by_model(table, labels_from);
  return table;
}

// What is said of columns, over what they suggest.
struct ColumnOptions {
  std::vector<std::pair<std::string, std::string>> roles;  // name, role
  std::optional<std::string> cost_unit, score_name;
  std::optional<double> worst, best, cutoff;
  bool lower_is_better = false;
};

ColumnRole parse_role(const std::string& text, const std::string& column) {
  std::string known;
  for (int i = 0; i <= static_cast<int>(ColumnRole::kAnswer); ++i) {
    const auto role = static_cast<ColumnRole>(i);
    if (to_string(role) == text) return role;
    known += (known.empty() ? "" : ", ") + std::string(to_string(role));
  }
  throw Error(ErrorCode::kUsage, "column '" + column + "': role '" + text + "', expected one of: " + known);
}

std::vector<TableColumn> known_columns(const ColumnOptions& options) {
  std::vector<TableColumn> known;
  for (const auto& [name, role] : options.roles) known.push_back({name, parse_role(role, name)});
  return known;
}

TableColumns with_terms(TableColumns columns, const ColumnOptions& options) {
  if (options.cost_unit) columns.cost_unit = *options.cost_unit;
  if (options.score_name) columns.score_name = *options.score_name;
  if (options.worst) columns.worst = options.worst;
  if (options.best) columns.best = options.best;
  if (options.cutoff) columns.cutoff = *options.cutoff;
  columns.lower_is_better = options.lower_is_better;
  return columns;
}

// What some callables said of n inputs: a matrix of class probabilities each, and what a row took.
struct Outcomes {
  std::vector<std::string> models;
  std::vector<Matrix<float>> probabilities;  // (n, classes) each
  std::vector<Vector<float>> costs;          // (n) each
};

void add_features(Table& table, const Matrix<float>& features, const std::vector<std::string>& names) {
  for (const std::string& name : names) table.schema.features.push_back({name, 0, 0});
  table.schema.groups = {"features"};
  table.features.assign(features.data(), features.data() + features.size());
  table.node_ms.assign(table.n_inputs(), 0.0F);
}

void set_axes(Table& table, const std::vector<std::string>& models, std::size_t n) {
  for (const std::string& name : models) table.models.push_back({ModelId(name, ""), "", "", 0});
  for (std::size_t i = 0; i < n; ++i) table.ids.push_back(std::to_string(i));
  table.recipe_of.assign(models.size(), 0);
  table.preprocess_ms.assign(n, 0.0F);
  table.decode_ms.assign(n, 0.0F);
}

// Scores (n, m) in the caller's numbers, which become shares, and costs; NaN in both where a model was not
// run.
Table table_of_scores(const std::vector<std::string>& models, const Matrix<double>& scores,
                      const Matrix<float>& costs, const std::optional<Matrix<float>>& features,
                      const std::vector<std::string>& feature_names, const std::string& score_name,
                      std::pair<double, double> range, const std::string& cost_unit) {
  const std::size_t n = scores.shape(0), cells = scores.size();
  Table table;
  set_axes(table, models, n);
  table.labels.assign(n, kNoLabel);
  table.terms = {.score = score_name,
                 .worst = range.first,
                 .best = range.second,
                 .score_unit = "",
                 .cost_unit = cost_unit,
                 .cutoff = 0};
  table.machine = "Python";
  table.energy.note = "not measured: the table is of scores";
  table.infer_ms.assign(costs.data(), costs.data() + costs.size());
  table.scores.resize(cells);
  for (std::size_t at = 0; at < cells; ++at) {
    const double share = (scores.data()[at] - range.first) / (range.second - range.first);
    table.scores[at] = static_cast<float>(std::clamp(share, 0.0, 1.0));  // NaN stays
  }
  if (features && !feature_names.empty()) add_features(table, *features, feature_names);
  check_table(table);
  return table;
}

Table table_of_outcomes(const Outcomes& outcomes, const Vector<std::int32_t>& labels,
                        std::vector<std::string> classes, const std::string& cost_unit,
                        const std::optional<Matrix<float>>& features,
                        const std::vector<std::string>& feature_names) {
  const std::size_t n = labels.size(), n_models = outcomes.models.size();
  Table table;
  set_axes(table, outcomes.models, n);
  table.labels.assign(labels.data(), labels.data() + n);
  table.n_classes = static_cast<std::int32_t>(classes.size());
  table.label_names = std::move(classes);
  table.terms.cost_unit = cost_unit;
  table.machine = cost_unit == "ms" ? machine_description() : "Python";
  table.outputs.resize(n * n_models);
  table.ranks.resize(n * n_models);
  table.infer_ms.resize(n * n_models);
  for (std::size_t m = 0; m < n_models; ++m) {
    const auto& values = outcomes.probabilities[m];
    const std::size_t width = values.shape(1);
    for (std::size_t i = 0; i < n; ++i) {
      const std::span row(values.data() + i * width, width);
      const std::size_t at = table.at(i, static_cast<ModelIndex>(m));
      table.outputs[at] = TopK::from_probabilities(row);
      table.ranks[at] = table.labels[i] == kNoLabel ? 0 : rank_of(row, table.labels[i]);
      table.infer_ms[at] = outcomes.costs[m].data()[i];
    }
  }
  if (features && !feature_names.empty()) add_features(table, *features, feature_names);
  check_table(table);
  return table;
}

// Rows that are drawn, and all others.
std::pair<std::vector<std::uint32_t>, std::vector<std::uint32_t>> drawn_and_rest(const Table& table,
                                                                                 double share,
                                                                                 std::uint64_t seed) {
  std::vector<std::uint32_t> drawn = draw_rows(table, share, seed), rest;
  const std::vector<std::uint32_t> all = all_rows(table);
  std::set_difference(all.begin(), all.end(), drawn.begin(), drawn.end(), std::back_inserter(rest));
  return {std::move(drawn), std::move(rest)};
}

void bind_table_class(nb::module_& module) {
  nb::class_<Table>(module, "Table")
      .def_prop_ro("n_inputs", &Table::n_inputs)
      .def_prop_ro("n_models", &Table::n_models)
      .def_ro("ids", &Table::ids)
      .def_ro("groups", &Table::groups)
      .def_ro("label_names", &Table::label_names)
      .def_ro("labels_from", &Table::labels_from)
      .def_ro("machine", &Table::machine)
      .def_prop_ro("score_name", [](const Table& table) { return table.terms.score; })
      .def_prop_ro("cost_unit", [](const Table& table) { return table.terms.cost_unit; })
      .def_prop_ro("score_range",
                   [](const Table& table) { return std::pair(table.terms.worst, table.terms.best); })
      .def_prop_ro("models", [](const Table& table) { return names_of(table.models); })
      .def_prop_ro("feature_names", [](const Table& table) { return names_of(table.schema.features); })
      .def_prop_ro("labels",
                   [](nb::handle self) {
                     const auto& table = nb::cast<const Table&>(self);
                     using Labels = nb::ndarray<nb::numpy, const std::int32_t, nb::ndim<1>, nb::c_contig>;
                     return Labels(table.labels.data(), {table.labels.size()}, self);
                   })
      .def_prop_ro("features",
                   [](nb::handle self) {
                     const auto& table = nb::cast<const Table&>(self);
                     return view(self, table.features, table.n_inputs(), table.schema.size());
                   })
      .def("scores", &scores_of)
      .def("costs", &costs_of)
      .def("answers", &answers_of)
      .def("confidences", &confidences_of)
      .def("select", [](const Table& table,
                        const std::vector<std::uint32_t>& rows) { return select_table_inputs(table, rows); })
      .def("draw", &drawn_and_rest)
      .def(
          "export",
          [](const Table& table, const fs::path& out, bool is_long, const nb::object& show) {
            run_interruptibly(show, [&](const std::stop_token& stop, Progress&) {
              (void)export_table(table, is_long ? TableForm::kLong : TableForm::kWide, out, stop);
            });
          },
          nb::arg("out"), nb::arg("is_long"), nb::arg("progress").none());
}

}  // namespace

void bind_table(nb::module_& module) {
  bind_table_class(module);
  nb::class_<ColumnOptions>(module, "ColumnOptions")
      .def(nb::init<>())
      .def_rw("roles", &ColumnOptions::roles)
      .def_rw("cost_unit", &ColumnOptions::cost_unit)
      .def_rw("score_name", &ColumnOptions::score_name)
      .def_rw("worst", &ColumnOptions::worst)
      .def_rw("best", &ColumnOptions::best)
      .def_rw("cutoff", &ColumnOptions::cutoff)
      .def_rw("lower_is_better", &ColumnOptions::lower_is_better);
  module.def("load_table",
             [](const std::vector<fs::path>& paths, const std::string& labels_from, bool allow_partial) {
               return run_interruptibly(nb::none(), [&](const std::stop_token&, Progress&) {
                 return load_tables(paths, labels_from, allow_partial);
               });
             });
  module.def(
      "import_columns", [](const std::vector<std::pair<std::string, std::vector<std::string>>>& columns,
                           const std::string& name, const ColumnOptions& options, const fs::path& out) {
        run_interruptibly(nb::none(), [&](const std::stop_token& stop, Progress&) {
          std::vector<TextColumn> texts;
          for (const auto& [column, cells] : columns) texts.push_back({column, cells});
          (void)import_table(texts, name, with_terms(guess_columns(texts, known_columns(options)), options),
                             out, stop);
        });
      });
  module.def("import_file", [](const fs::path& file, bool is_json, const ColumnOptions& options,
                               const fs::path& out) {
    run_interruptibly(nb::none(), [&](const std::stop_token& stop, Progress&) {
      const TextForm form = is_json ? TextForm::kJsonLines : TextForm::kCsv;
      (void)import_table(
          file, with_terms(guess_columns(file, form, kFindSeparator, stop, known_columns(options)), options),
          out, stop);
    });
  });
  module.def("table_of_scores", &table_of_scores, nb::arg("models"), nb::arg("scores"), nb::arg("costs"),
             nb::arg("features").none(), nb::arg("feature_names"), nb::arg("score_name"), nb::arg("range"),
             nb::arg("cost_unit"));
  module.def(
      "table_of_outcomes",
      [](std::vector<std::string> models, std::vector<Matrix<float>> probabilities,
         std::vector<Vector<float>> costs, const Vector<std::int32_t>& labels,
         std::vector<std::string> classes, const std::string& cost_unit,
         const std::optional<Matrix<float>>& features, const std::vector<std::string>& feature_names) {
        return table_of_outcomes({std::move(models), std::move(probabilities), std::move(costs)}, labels,
                                 std::move(classes), cost_unit, features, feature_names);
      },
      nb::arg("models"), nb::arg("probabilities"), nb::arg("costs"), nb::arg("labels"), nb::arg("classes"),
      nb::arg("cost_unit"), nb::arg("features").none(), nb::arg("feature_names"));
}

}  // namespace triage::python
