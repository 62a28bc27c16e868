// `triage zoo verify`: do the weights match their checksums, do the models load and run, how long does a run
// take on one thread, and, given labelled images, how often are they right?
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/cmd_zoo.h"
#include "cli/data_labels.h"
#include "triage/engine.h"
#include "triage/error.h"
#include "triage/runtime.h"
#include "triage/tools/adopt.h"
#include "triage/tools/dataset.h"
#include "triage/tools/profile.h"
#include "triage/tools/report.h"
#include "triage/zoo.h"

namespace triage::cli {
namespace {

constexpr std::size_t kMinRuns = 10;
constexpr std::size_t kMaxRuns = 1000;
constexpr double kTimingMs = 200;

struct ZooVerifyArguments {
  std::filesystem::path zoo;
  std::vector<std::filesystem::path> data;
  std::vector<std::filesystem::path> labels;
  std::size_t limit = SIZE_MAX;
  std::string criterion = "top1";
  bool json = false;
};

// The result for one model.
struct Check {
  std::string error;  // empty: fine
  int exit_code = 0;
  ModelShapes first, last;  // of the first and the last file
  Precision precision = Precision::kF32;
  double load_ms = 0;
  double median_ms = 0;
  std::size_t n_runs = 0;
  std::optional<ModelScore> judgement;
  bool is_at_chance = false;
};

// Runs on a blank picture until there are enough times for a median.
void time_runs(Network& network, const ModelSpec& model, Check& check) {
  const std::vector<std::byte> tensor(model.input.size_bytes());
  std::vector<double> times;
  const Stopwatch total(steady_clock());
  while (times.size() < kMinRuns || (times.size() < kMaxRuns && total.ms() < kTimingMs)) {
    const Stopwatch watch(steady_clock());
    (void)network.run(tensor);
    times.push_back(watch.ms());
  }
  check.n_runs = times.size();
  check.median_ms = summarize_times(std::move(times)).p50;
}

Check check_model(const Zoo& zoo, ModelSpec model, EngineSet& engines) {
  Check check;
  try {
    Engine& engine = engines.for_file(model.files[0].path);
    model.threads = 1;
    check.precision = engines.resolved(model).precision;
    const Stopwatch watch(steady_clock());
    const std::unique_ptr<Network> network = engines.load(zoo, model);
    check.load_ms = watch.ms();
    check.first = engine.inspect(zoo.resolve(model.files.front()));
    check.last = engine.inspect(zoo.resolve(model.files.back()));
    time_runs(*network, model, check);
  } catch (const Error& error) {
    check.error = error.what();
    check.exit_code = error_info(error.code()).exit_code;
  }
  return check;
}

std::vector<std::string> names_at_chance(const Zoo& zoo, std::span<const ModelIndex> models,
                                         const ModelScores& scores) {
  std::vector<std::string> names;
  for (const ModelIndex m : scores.at_chance.models) {
    names.push_back(zoo.models[static_cast<std::size_t>(models[static_cast<std::size_t>(m)])].name);
  }
  return names;
}

// Adds judgements to the models that are fine; returns how many images could not be read.
std::size_t judge(const Zoo& zoo, const ZooVerifyArguments& arguments, EngineSet& engines, Session& session,
                  std::vector<Check>& checks) {
  DatasetOptions options;
  options.data = arguments.data;
  options.labels = arguments.labels;
  options.classes = classes_of(zoo);
  const std::unique_ptr<Dataset> data = open_dataset(options);
  warn_of_labels(data->label_mapping());
  std::vector<ModelIndex> models;
  for (std::size_t i = 0; i < checks.size(); ++i) {
    if (checks[i].error.empty() && zoo.models[i].role == Role::kClassifier) {
      models.push_back(static_cast<ModelIndex>(i));
    }
  }
  JudgeOptions judge_options;
  judge_options.limit = arguments.limit;
  judge_options.stop = session.stop_source.get_token();
  Progress progress("running every model", std::min(arguments.limit, data->size()));
  const ModelScores judgements = judge_models(zoo, models, engines, *data, judge_options,
                                              [&](std::size_t done, std::size_t) { progress.update(done); });
  for (std::size_t i = 0; i < models.size(); ++i) {
    checks[static_cast<std::size_t>(models[i])].judgement = judgements.models[i];
  }
  for (const ModelIndex m : judgements.at_chance.models) {
    checks[static_cast<std::size_t>(models[static_cast<std::size_t>(m)])].is_at_chance = true;
  }
  if (!judgements.models.empty()) {
    warn_of_chance(names_at_chance(zoo, models, judgements), models.size(),
                   judgements.models.front().n_images, judgements.at_chance.chance);
  }
  return judgements.n_failed;
}

nlohmann::json shapes_json(const std::vector<std::vector<std::int64_t>>& shapes,
                           const std::vector<std::string>& types) {
  nlohmann::json json = nlohmann::json::array();
  for (std::size_t i = 0; i < shapes.size(); ++i) json.push_back({{"shape", shapes[i]}, {"type", types[i]}});
  return json;
}

nlohmann::json check_json(const ModelSpec& model, const Check& check) {
  nlohmann::json json{{"name", model.name}, {"ok", check.error.empty()}};
  if (!check.error.empty()) {
    json["error"] = check.error;
    return json;
  }
  json["inputs"] = shapes_json(check.first.inputs, check.first.input_types);
  json["outputs"] = shapes_json(check.last.outputs, check.last.output_types);
  json["precision"] = to_string(check.precision);
  json["load_ms"] = check.load_ms;
  json["median_ms"] = check.median_ms;
  json["runs"] = check.n_runs;
  if (check.judgement) {
    json["images"] = check.judgement->n_images;
    json["top1_rate"] = check.judgement->top1_rate;
    json["top5_rate"] = check.judgement->top5_rate;
    json["at_chance"] = check.is_at_chance;
    json["mean_ms"] = check.judgement->mean_ms;
    json["mean_preprocess_ms"] = check.judgement->mean_preprocess_ms;
  }
  return json;
}

std::string port_text(const std::vector<std::vector<std::int64_t>>& shapes,
                      const std::vector<std::string>& types, std::size_t index) {
  if (index >= shapes.size()) return "-";
  return shape_text(shapes[index]) + " " + types[index];
}

void print_text(const Zoo& zoo, const std::vector<Check>& checks, bool judged) {
  std::vector<std::string> header{"model", "input", "output", "precision", "load ms", "run ms"};
  if (judged) header.insert(header.end(), {"top-1", "top-5", "mean ms", "prep ms", "images"});
  TextTable table(header);
  for (std::size_t i = 0; i < checks.size(); ++i) {
    const Check& check = checks[i];
    if (!check.error.empty()) continue;
    const auto output = static_cast<std::size_t>(zoo.models[i].output.index);
    std::vector<std::string> row{printable(zoo.models[i].name),
                                 port_text(check.first.inputs, check.first.input_types, 0),
                                 port_text(check.last.outputs, check.last.output_types, output),
                                 std::string(to_string(check.precision)),
                                 fmt::format("{:.0f}", check.load_ms),
                                 fmt::format("{:.4f}", check.median_ms)};
    if (judged && check.judgement) {
      const ModelScore& j = *check.judgement;
      row.insert(row.end(), {fmt::format("{:.1f} %", 100 * j.top1_rate),
                             fmt::format("{:.1f} %", 100 * j.top5_rate), fmt::format("{:.4f}", j.mean_ms),
                             fmt::format("{:.4f}", j.mean_preprocess_ms), fmt::to_string(j.n_images)});
    }
    table.add(std::move(row));
  }
  table.print();
}

// By the rate of the criterion, best first; what could not be judged stands last.
void print_best(const Zoo& zoo, const std::vector<Check>& checks, Criterion criterion) {
  const auto rate = [&](const Check& check) {
    if (!check.judgement) return -1.0;
    return criterion == Criterion::kTop1 ? check.judgement->top1_rate : check.judgement->top5_rate;
  };
  const auto best = std::max_element(checks.begin(), checks.end(),
                                     [&](const Check& a, const Check& b) { return rate(a) < rate(b); });
  if (best == checks.end() || !best->judgement) return;
  fmt::print("best by {}: {}, {:.1f} %\n", to_string(criterion),
             printable(zoo.models[static_cast<std::size_t>(best - checks.begin())].name), 100 * rate(*best));
}

void verify(const ZooVerifyArguments& arguments, Session& session) {
  const Criterion criterion = parse_criterion(arguments.criterion);
  const Zoo zoo = load_zoo(arguments.zoo);
  EngineSet engines({.cache_dir = default_cache_dir(), .clock = {}, .on_remark = &warn});
  std::vector<Check> checks;
  for (const ModelSpec& model : zoo.models) {
    throw_if_stopped(session, "zoo verify");
    checks.push_back(check_model(zoo, model, engines));
    if (checks.back().error.empty()) continue;
    say("triage: {}\n", printable(checks.back().error));
    if (session.exit_code == 0) session.exit_code = checks.back().exit_code;
  }
  const bool judged = !arguments.data.empty();
  const std::size_t n_failed = judged ? judge(zoo, arguments, engines, session, checks) : 0;
  if (n_failed > 0) {
    warn(fmt::format("{} images could not be read and were left out", n_failed));
    if (session.exit_code == 0) session.exit_code = kExitSomeFailed;
  }
  const auto n_bad =
      std::count_if(checks.begin(), checks.end(), [](const Check& c) { return !c.error.empty(); });
  if (arguments.json) {
    nlohmann::json models = nlohmann::json::array();
    for (std::size_t i = 0; i < checks.size(); ++i) models.push_back(check_json(zoo.models[i], checks[i]));
    print_json({{"name", zoo.name}, {"ok", n_bad == 0}, {"failed_images", n_failed}, {"models", models}});
    return;
  }
  print_text(zoo, checks, judged);
  if (judged) print_best(zoo, checks, criterion);
  fmt::print("{} of {} models are fine\n", checks.size() - static_cast<std::size_t>(n_bad), checks.size());
}

}  // namespace

void add_zoo_verify(CLI::App& zoo, Session& session) {
  CLI::App* command = zoo.add_subcommand(
      "verify",
      "Checks every model's files, loads and runs it; with --data also judges it on labelled images");
  auto arguments = std::make_shared<ZooVerifyArguments>();
  command->add_option("zoo", arguments->zoo, "The manifest, zoo.json")->required();
  auto* data =
      command->add_option("--data", arguments->data, "Folder of images or IDX file; may be repeated");
  command->add_option("--labels", arguments->labels, "CSV with file,label, or IDX labels")->needs(data);
  command->add_option("--limit", arguments->limit, "Judge on the first images, at most this many")
      ->needs(data)
      ->check(CLI::PositiveNumber);
  command->add_option("--criterion", arguments->criterion, "top1 or top5: what the best is named by")
      ->needs(data);
  command->add_flag("--json", arguments->json, "Print one JSON document");
  command->callback([arguments, &session] { verify(*arguments, session); });
}

}  // namespace triage::cli
