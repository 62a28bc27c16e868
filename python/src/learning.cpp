// Training, evaluation, calibration.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <limits>

#include "core.h"
#include "interruptible.h"
#include "triage/error.h"
#include "triage/tools/calibrate.h"
#include "triage/tools/evaluate.h"
#include "triage/tools/ladder.h"
#include "triage/tools/report.h"
#include "triage/tools/train_forests.h"
#include "triage/version.h"

namespace triage::python {
namespace {

struct TrainOptions {
  std::string kind = "auto", criterion = "top1", cost = "time", learner = "seven-forests",
              premodel{kPaperPremodel};
  double theta = PremodelOptions{}.theta;
  int k = PremodelOptions{}.k;
  std::optional<double> margin, price;
  std::optional<int> max_stages;
  std::uint64_t seed = 0;
  std::vector<std::uint32_t> rows;  // empty: all
};

void set_rows(TrainOptions& options, const Vector<std::int64_t>& rows) {
  options.rows.clear();
  options.rows.reserve(rows.size());
  for (const std::int64_t row : span_of(rows)) {
    if (row < 0 || row > std::numeric_limits<std::uint32_t>::max()) {
      throw Error(ErrorCode::kUsage,
                  fmt::format("rows: {}, expected positions of the table's inputs, from 0", row));
    }
    options.rows.push_back(static_cast<std::uint32_t>(row));
  }
}

void check_rows(const Table& table, Rows rows) {
  const auto most = std::max_element(rows.begin(), rows.end());
  if (most == rows.end() || *most < table.n_inputs()) return;
  throw Error(ErrorCode::kUsage, fmt::format("rows: {}, expected positions of the table's {} inputs, from 0",
                                             *most, table.n_inputs()));
}

LearnOptions learn_options(const TrainOptions& options, const std::stop_token& stop) {
  LearnOptions learn;
  learn.criterion = parse_criterion(options.criterion);
  learn.cost = parse_cost(options.cost);
  learn.margin = options.margin;
  learn.seed = options.seed;
  learn.stop = stop;
  return learn;
}

ModelIndex model_named(const Table& table, std::string_view name) {
  const ModelIndex model = table.find(name);
  if (model != kNoModel) return model;
  throw Error(ErrorCode::kUsage, fmt::format("kind: no model '{}' in the table, expected one of: {}", name,
                                             fmt::join(names_of(table.models), ", ")));
}

std::unique_ptr<Policy> train_as(const Table& table, Rows rows, const TrainOptions& options,
                                 const std::stop_token& stop, std::vector<KindEstimate>& compared) {
  const LearnOptions learn = learn_options(options, stop);
  const std::string& kind = options.kind;
  constexpr std::string_view kSingle = "single:";
  if (kind.starts_with(kSingle)) {
    return train_single(table, rows, learn.criterion, model_named(table, kind.substr(kSingle.size())));
  }
  if (kind == "adaptive") {
    AdaptiveOptions adaptive;
    adaptive.price = options.price;
    if (options.max_stages) adaptive.max_stages = *options.max_stages;
    return train_adaptive(table, rows, learn, adaptive);
  }
  if (kind == "cascade") {
    CascadeOptions cascade;
    cascade.price = options.price;
    if (options.max_stages) cascade.max_stages = *options.max_stages;
    return train_cascade(table, rows, learn, cascade);
  }
  if (kind == "forests") {
    ForestsOptions forests;
    forests.learner = parse_forests_learner(options.learner);
    forests.price = options.price;
    return train_forests_policy(table, rows, learn, forests);
  }
  if (kind == "ladder") {
    LadderOptions ladder;
    ladder.price = options.price;
    if (options.max_stages) ladder.max_rungs = *options.max_stages;
    return train_ladder(table, rows, learn, ladder);
  }
  if (kind == "premodel") {
    PremodelOptions premodel;
    premodel.kind = options.premodel;
    premodel.theta = options.theta;
    premodel.k = options.k;
    premodel.max_models =
        options.max_stages ? static_cast<std::size_t>(std::max(*options.max_stages, 1)) : SIZE_MAX;
    return train_premodel(table, rows, learn, premodel).policy;
  }
  if (kind != "auto") {
    throw Error(ErrorCode::kUsage, "kind: '" + kind +
                                       "', expected auto, adaptive, cascade, forests, ladder, premodel or "
                                       "single:NAME of a model");
  }
  KindChoice choice = choose_kind(table, rows, learn);
  compared = std::move(choice.compared);
  return train_kind(table, rows, choice.kind, learn);
}

nb::tuple train(const Table& table, const TrainOptions& options, const nb::object& show) {
  std::vector<KindEstimate> compared;
  check_rows(table, options.rows);
  auto policy = run_interruptibly(show, [&](const std::stop_token& stop, Progress&) {
    const std::vector<std::uint32_t> rows = options.rows.empty() ? complete_rows(table) : options.rows;
    return train_as(table, rows, options, stop, compared);
  });
  nb::list estimates;
  for (const KindEstimate& each : compared) {
    estimates.append(nb::make_tuple(std::string(to_string(each.kind)), each.score_gain, each.score_error,
                                    each.cost_ratio, each.worth));
  }
  return nb::make_tuple(SharedPolicy{std::move(policy)}, estimates);
}

struct EvaluationOptions : TrainOptions {
  std::string folds = "10";  // or "official", or "source"
  int bootstrap = 2000;
  std::vector<std::string> learners, premodels;
  std::optional<double> max_latency_ms, mean_latency_ms;
};

EvaluateOptions evaluate_options(const EvaluationOptions& options, const std::stop_token& stop,
                                 Progress& progress) {
  EvaluateOptions out;
  static_cast<LearnOptions&>(out) = learn_options(options, stop);
  out.official_folds = options.folds == "official";
  out.by_source = options.folds == "source";
  if (!out.official_folds && !out.by_source) out.folds = std::stoi(options.folds);
  out.resamples = options.bootstrap;
  for (const std::string& name : options.learners) out.learners.push_back(parse_forests_learner(name));
  for (std::size_t i = 0; i < options.premodels.size(); ++i) {
    PremodelOptions premodel;
    premodel.kind = options.premodels[i];
    if (i == 0) {
      out.premodel = premodel;
    } else {
      out.variants.push_back({"premodel " + premodel.kind, premodel});
    }
  }
  if (options.max_latency_ms) out.request.max_latency_ms = *options.max_latency_ms;
  if (options.price) out.request.price = *options.price;
  out.mean_latency_ms = options.mean_latency_ms;
  out.on_progress = [&progress](std::size_t done, std::size_t total) { progress.set(done, total); };
  return out;
}

ReportInfo report_info(const std::string& command) {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&now, &utc);
  char date[16];
  const std::size_t n = std::strftime(date, sizeof date, "%Y-%m-%d", &utc);
  ReportInfo info;
  info.version = std::string(kVersion);
  info.command = command;
  info.date = std::string(date, n);
  return info;
}

Evaluation evaluate(const Table& table, const std::vector<std::pair<std::string, SharedPolicy>>& policies,
                    const EvaluationOptions& options, const nb::object& show) {
  return run_interruptibly(show, [&](const std::stop_token& stop, Progress& progress) {
    const EvaluateOptions evaluate = evaluate_options(options, stop, progress);
    if (policies.empty()) return cross_validate(table, evaluate);
    std::vector<NamedPolicy> named;
    for (const auto& [name, policy] : policies) {
      if (is_reserved_name(name)) {
        throw Error(ErrorCode::kUsage,
                    "policy '" + name + "': is the name of a built-in method, expected another name");
      }
      named.push_back({name, policy.policy.get()});
    }
    return judge_policies(table, named, evaluate);
  });
}

struct CalibrationCall {
  CalibrateOptions options;
  std::string per;
};

// What calibration found, in words and figures; and the policy with its certificate, or none.
nb::tuple calibrate_policy(const Table& table, const SharedPolicy& policy, const CalibrationCall& call,
                           const nb::object& show) {
  Calibration found = run_interruptibly(show, [&](const std::stop_token& stop, Progress&) {
    CalibrateOptions options = call.options;
    options.per = call.per.empty() ? CalibrateGroups::kNone : parse_calibrate_groups(call.per);
    options.stop = stop;
    return calibrate(table, *policy.policy, options);
  });
  nb::list steps;
  for (const CalibrationStep& step : found.steps) {
    nb::dict out;
    out["price"] = step.price;
    out["mean_loss"] = step.mean_loss;
    out["p_value"] = step.p_value;
    out["mean_cost"] = step.mean_cost;
    out["passed"] = step.passed;
    steps.append(out);
  }
  nb::dict facts;
  facts["verdict"] = calibration_verdict(found);
  facts["steps"] = steps;
  facts["versus"] = found.versus;
  facts["inputs"] = found.inputs;
  facts["left_out"] = found.left_out;
  facts["inputs_needed"] = found.inputs_needed;
  if (found.policy == nullptr) return nb::make_tuple(nb::none(), facts);
  return nb::make_tuple(SharedPolicy{std::move(found.policy)}, facts);
}

}  // namespace

void bind_learning(nb::module_& module) {
  nb::class_<TrainOptions>(module, "TrainOptions")
      .def(nb::init<>())
      .def_rw("kind", &TrainOptions::kind)
      .def_rw("criterion", &TrainOptions::criterion)
      .def_rw("cost", &TrainOptions::cost)
      .def_rw("learner", &TrainOptions::learner)
      .def_rw("premodel", &TrainOptions::premodel)
      .def_rw("theta", &TrainOptions::theta)
      .def_rw("k", &TrainOptions::k)
      .def_rw("margin", &TrainOptions::margin)
      .def_rw("price", &TrainOptions::price)
      .def_rw("max_stages", &TrainOptions::max_stages)
      .def_rw("seed", &TrainOptions::seed)
      .def_prop_rw(
          "rows", [](const TrainOptions& self) { return self.rows; }, &set_rows);
  nb::class_<EvaluationOptions, TrainOptions>(module, "EvaluationOptions")
      .def(nb::init<>())
      .def_rw("folds", &EvaluationOptions::folds)
      .def_rw("bootstrap", &EvaluationOptions::bootstrap)
      .def_rw("learners", &EvaluationOptions::learners)
      .def_rw("premodels", &EvaluationOptions::premodels)
      .def_rw("max_latency_ms", &EvaluationOptions::max_latency_ms)
      .def_rw("mean_latency_ms", &EvaluationOptions::mean_latency_ms);
  nb::class_<Evaluation>(module, "Evaluation")
      .def_prop_ro("verdict", &evaluation_verdict)
      .def_prop_ro("remarks", &evaluation_remarks)
      .def_prop_ro("warnings", &evaluation_warnings)
      .def("text", [](const Evaluation& self) { return evaluation_text(self); })
      .def("json", [](const Evaluation& self,
                      const std::string& command) { return evaluation_json(self, report_info(command)); })
      .def("html", [](const Evaluation& self, const std::string& command) {
        return evaluation_html(self, report_info(command));
      });
  nb::class_<CalibrationCall>(module, "CalibrationOptions")
      .def(nb::init<>())
      .def_prop_rw(
          "max_loss", [](const CalibrationCall& c) { return c.options.max_loss; },
          [](CalibrationCall& c, double value) { c.options.max_loss = value; })
      .def_prop_rw(
          "delta", [](const CalibrationCall& c) { return c.options.delta; },
          [](CalibrationCall& c, double value) { c.options.delta = value; })
      .def_prop_rw(
          "versus", [](const CalibrationCall& c) { return c.options.versus; },
          [](CalibrationCall& c, std::string value) { c.options.versus = std::move(value); })
      .def_prop_rw(
          "anytime", [](const CalibrationCall& c) { return c.options.anytime; },
          [](CalibrationCall& c, bool value) { c.options.anytime = value; })
      .def_rw("per", &CalibrationCall::per);
  module.def("write_report",
             [](const std::filesystem::path& path, const std::string& text) { write_report(path, text); });
  module.def("train", &train, nb::arg("table"), nb::arg("options"), nb::arg("progress").none());
  module.def("evaluate", &evaluate, nb::arg("table"), nb::arg("policies"), nb::arg("options"),
             nb::arg("progress").none());
  module.def("calibrate", &calibrate_policy, nb::arg("table"), nb::arg("policy"), nb::arg("options"),
             nb::arg("progress").none());
}

}  // namespace triage::python
