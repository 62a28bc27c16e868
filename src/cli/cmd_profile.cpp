// triage profile: measures every model of a zoo on every input of a data set.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "cli/cli.h"
#include "cli/data_labels.h"
#include "cli/decode_options.h"
#include "cli/inputs.h"
#include "cli/label_options.h"
#include "cli/profile_report.h"
#include "triage/engine.h"
#include "triage/error.h"
#include "triage/runtime.h"
#include "triage/tools/dataset.h"
#include "triage/tools/energy.h"
#include "triage/tools/perturb.h"
#include "triage/tools/profile.h"
#include "triage/zoo.h"

namespace triage::cli {
namespace {

struct ProfileArguments {
  std::filesystem::path zoo;
  std::vector<std::filesystem::path> data;
  std::vector<std::string> labels;
  std::optional<Label> first_label;
  std::string range;
  std::string crop;
  bool perturbs = false;
  std::string perturbations;
  std::optional<int> threads;
  std::vector<std::string> models;
  std::vector<std::string> features;
  int working_px = 224;
  std::string shard = "0/1";
  std::optional<std::size_t> limit;
  DecodeOptions decode;
  bool no_cache = false;
  bool exhaustive = false;
  std::optional<double> bound;
  std::optional<int> min_runs;
  std::optional<int> max_runs;
  bool times_only = false;
  std::string energy = "auto";
  double idle_seconds = EnergyMeasuring{}.idle_seconds;
  double block_seconds = BlockOptions{}.seconds;
  std::filesystem::path sysfs = "/sys";
  std::filesystem::path out;
  bool json = false;
};

// "a<separator>b", both whole numbers.
std::pair<std::uint64_t, std::uint64_t> parse_pair(std::string_view option, std::string_view text,
                                                   char separator, std::string_view expected) {
  std::pair<std::uint64_t, std::uint64_t> pair;
  const std::size_t at = text.find(separator);
  const auto parse = [](std::string_view digits, std::uint64_t& value) {
    const char* end = digits.data() + digits.size();
    const auto [rest, error] = std::from_chars(digits.data(), end, value);
    return error == std::errc() && rest == end;
  };
  if (at == std::string_view::npos || !parse(text.substr(0, at), pair.first) ||
      !parse(text.substr(at + 1), pair.second)) {
    throw Error(ErrorCode::kUsage, fmt::format("{}: '{}', expected {}", option, text, expected));
  }
  return pair;
}

Shard parse_shard(const std::string& text) {
  constexpr std::string_view kExpected = "i/n with i from 0 to n-1, such as 0/4 to 3/4";
  const auto [index, count] = parse_pair("--shard", text, '/', kExpected);
  if (index >= count || count > UINT32_MAX) {
    throw Error(ErrorCode::kUsage, fmt::format("--shard: '{}', expected {}", text, kExpected));
  }
  return {static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(count)};
}

// The model of `--labels from:MODEL`; empty when labels come from files.
std::string labels_from(const ProfileArguments& arguments) {
  std::string model;
  for (const std::string& labels : arguments.labels) {
    if (model.empty()) model = labels_model(labels);
  }
  if (!model.empty() && arguments.labels.size() > 1) {
    throw Error(ErrorCode::kUsage,
                fmt::format("--labels: from:{} and other labels, expected from:MODEL alone; "
                            "inputs have one label each",
                            model));
  }
  return model;
}

std::unique_ptr<Dataset> open_data(const ProfileArguments& arguments, const Zoo& zoo) {
  DatasetOptions options;
  options.data = arguments.data;
  options.classes = classes_of(zoo);
  options.first_label = arguments.first_label;
  const bool from_model = !labels_from(arguments).empty();
  if (!from_model) options.labels.assign(arguments.labels.begin(), arguments.labels.end());
  options.require_labels = !arguments.times_only && !from_model;
  if (!arguments.range.empty()) {
    const auto [first, last] = parse_pair("--range", arguments.range, ':', "a:b, such as 20000:70000");
    options.range = {first, last};
  }
  auto data = open_at_most(std::move(options), arguments.limit);
  if (!arguments.perturbs) return data;
  return perturbed_dataset(std::move(data), parse_perturbations(arguments.perturbations));
}

// With --threads, models that differed only in the number of threads become the same candidate.
void check_ways(const Zoo& zoo) {
  std::map<std::pair<std::string, std::string>, std::string> ways;
  for (const ModelSpec& model : zoo.models) {
    const auto [known, fresh] = ways.try_emplace({model.fingerprint(), model.device}, model.name);
    if (fresh) continue;
    throw Error(
        ErrorCode::kUsage,
        fmt::format("--threads: '{}' and '{}' are one network and would run in the same way, expected "
                    "different ways; leave one out with --models, or leave --threads out",
                    known->second, model.name));
  }
}

// The zoo with the options of the command line applied.
Zoo open_zoo(const ProfileArguments& arguments) {
  Zoo zoo = load_zoo(arguments.zoo);
  std::vector<ModelSpec> chosen;
  for (const std::string& name : arguments.models) {
    const ModelIndex index = zoo.find(name);
    if (index == kNoModel) {
      std::vector<std::string> names;
      for (const ModelSpec& model : zoo.models) names.push_back(model.name);
      throw Error(ErrorCode::kUsage, fmt::format("--models: '{}' is not in {}, expected some of {}", name,
                                                 arguments.zoo.string(), fmt::join(names, ", ")));
    }
    chosen.push_back(zoo.models[static_cast<std::size_t>(index)]);
    if (std::count(arguments.models.begin(), arguments.models.end(), name) > 1) {
      throw Error(ErrorCode::kUsage, fmt::format("--models: '{}' is named twice, expected once", name));
    }
  }
  if (!chosen.empty()) zoo.models = std::move(chosen);
  for (ModelSpec& model : zoo.models) {
    if (!arguments.crop.empty()) model.input.crop = parse_crop(arguments.crop);
    if (arguments.threads) model.threads = *arguments.threads;
  }
  if (arguments.threads) check_ways(zoo);
  return zoo;
}

Timing timing_options(const ProfileArguments& arguments) {
  if (!arguments.exhaustive && (arguments.bound || arguments.min_runs || arguments.max_runs)) {
    throw Error(ErrorCode::kUsage,
                "--bound, --min-runs and --max-runs: given without --exhaustive, expected with it; "
                "the cheap mode runs everything once");
  }
  if (!arguments.exhaustive) return {};
  return {.mode = TimingMode::kExhaustive,
          .bound = arguments.bound.value_or(5) / 100,
          .min_runs = arguments.min_runs.value_or(5),
          .max_runs = arguments.max_runs.value_or(100)};
}

// The meter that --energy asks for, null where there is none; `measuring` is then told why.
std::unique_ptr<EnergyMeter> open_meter(const ProfileArguments& arguments, EnergyMeasuring& measuring) {
  measuring.idle_seconds = arguments.idle_seconds;
  measuring.block.seconds = arguments.block_seconds;
  if (arguments.energy == "off") {
    measuring.reason = "not measured: switched off with --energy off";
    return nullptr;
  }
  const EnergySources sources = find_energy_sources(arguments.sysfs);
  std::unique_ptr<EnergyMeter> meter = make_energy_meter(sources);
  if (!meter && arguments.energy == "require") {
    throw Error(ErrorCode::kUsage, fmt::format("--energy require: {}; see 'triage info'", sources.reason));
  }
  measuring.meter = meter.get();
  measuring.reason = sources.reason;
  return meter;
}

ProfileOptions profile_options(const ProfileArguments& arguments, const Session& session) {
  ProfileOptions options;
  options.features = arguments.features;
  if (options.features == std::vector<std::string>{"all"}) options.features.clear();
  if (options.features == std::vector<std::string>{"paper"}) {
    options.features.assign(paper_features().begin(), paper_features().end());
  }
  options.working_px = arguments.working_px;
  options.shard = parse_shard(arguments.shard);
  options.decode = arguments.decode;
  options.timing = timing_options(arguments);
  options.times_only = arguments.times_only;
  options.labels_from = labels_from(arguments);
  options.stop = session.stop_source.get_token();
  return options;
}

// --energy require: a meter that was found may still have failed while measuring.
void expect_energy(const ProfileReport& report) {
  if (report.energy.infer_j.empty() && !report.models.empty()) {
    throw Error(ErrorCode::kProfile, fmt::format("--energy require: {}; times and scores are in {}",
                                                 report.energy.note, report.out.string()));
  }
}

void run_profile(const ProfileArguments& arguments, Session& session) {
  ProfileOptions options = profile_options(arguments, session);
  const Zoo zoo = open_zoo(arguments);
  const auto data = open_data(arguments, zoo);
  const LabelMapping mapping = data->label_mapping();
  warn_of_labels(mapping);
  const std::unique_ptr<EnergyMeter> meter = open_meter(arguments, options.energy);
  EngineOptions engine_options;
  engine_options.on_remark = &warn;
  if (!arguments.no_cache) engine_options.cache_dir = default_cache_dir();
  EngineSet engines(engine_options);
  ProfileSummary summary;
  {
    ProfileDisplay display(arguments.out);
    summary = measure_profile(zoo, engines, *data, options, arguments.out,
                              [&](const ProfileProgress& progress) { display.update(progress); });
  }
  ProfileReport report = make_report(arguments.out, summary, options);
  report.mapping.warnings = mapping.warnings;
  report.mapping.notes = mapping.notes;
  if (arguments.energy == "require") expect_energy(report);
  if (arguments.json) {
    print_json(to_json(report));
  } else {
    print_report(report);
  }
  if (!report.failed.empty()) session.exit_code = kExitSomeFailed;
}

void add_timing_options(CLI::App& command, ProfileArguments& a) {
  command.add_flag("--exhaustive", a.exhaustive,
                   "Run each model on each input until the 95 % bound of its mean time is below --bound "
                   "(default: once)");
  command.add_option("--bound", a.bound, "Percent of the mean (default 5)")->check(CLI::Range(0.01, 99.0));
  command.add_option("--min-runs", a.min_runs, "At least this often (default 5)")
      ->check(CLI::Range(2, 1'000'000));
  command
      .add_option("--max-runs", a.max_runs, "At most this often (default 100); what it cuts off is counted")
      ->check(CLI::Range(2, 1'000'000));
  command.add_flag(
      "--times-only", a.times_only,
      "On the device: times and energy alone, no labels needed; 'triage merge --times' puts them over "
      "scores from elsewhere");
}

}  // namespace

void add_profile(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<ProfileArguments>();
  ProfileArguments& a = *arguments;
  CLI::App* command = app.add_subcommand(
      "profile",
      "Measure every model on every input. Interrupted, the same command goes on where it stopped.");
  command->add_option("--zoo", a.zoo, "Manifest of the models")->required();
  command->add_option("--data", a.data, "Folder of images, or IDX (.gz) file; may be repeated")->required();
  command->add_option(
      "--labels", a.labels,
      "CSV (file,label) or IDX file, one for each --data; or from:MODEL, which takes that model's "
      "answers for labels; without, each sub-folder is a class");
  add_first_label_option(*command, a.first_label);
  command->add_option("--range", a.range, "Part a:b (b excluded) of the inputs");
  command->add_option("--limit", a.limit, "At most this many inputs")->check(CLI::PositiveNumber);
  CLI::Option* perturb =
      command
          ->add_option("--perturb", a.perturbations,
                       "Measure copies perturbed in these ways, and none as it is: for 'triage train "
                       "--augment'. As of 'triage evaluate --perturb'; alone, all of these")
          ->expected(0, 1)
          ->type_name("LIST");
  command->add_option("--crop", a.crop,
                      "Crop of the input: none or center:FRACTION (default: as in the manifest)");
  command->add_option("--threads", a.threads, "Threads of each model (default: as in the manifest)")
      ->check(CLI::Range(1, 1024));
  command->add_option("--models", a.models, "Only these, separated by commas")->delimiter(',');
  command->add_option("--features", a.features, "all (default), paper, or names separated by commas")
      ->delimiter(',');
  command->add_option("--working-size", a.working_px, "Short side in pixels on which features are computed")
      ->capture_default_str();
  command
      ->add_option("--shard", a.shard, "Every n-th input from the i-th, as i/n; 'triage merge' joins shards")
      ->capture_default_str();
  add_decode_options(*command, a.decode);
  add_timing_options(*command, a);
  command->add_option("--energy", a.energy, "Measure energy: auto (where there is a meter), off, or require")
      ->check(CLI::IsMember({"auto", "off", "require"}))
      ->capture_default_str();
  command->add_option("--idle-seconds", a.idle_seconds, "How long idle power is measured")
      ->check(CLI::Range(0.01, 600.0))
      ->capture_default_str();
  command
      ->add_option("--block-seconds", a.block_seconds, "How long each model runs to have its energy measured")
      ->check(CLI::Range(0.001, 600.0))
      ->capture_default_str();
  command->add_option("--sysfs-root", a.sysfs, "Where energy meters are looked for")
      ->envname("TRIAGE_SYSFS_ROOT")
      ->group("");
  command->add_flag("--no-cache", a.no_cache, "Recompile the models");
  command->add_option("-o,--out", a.out, "Profile to make, or to continue")->required();
  command->add_flag("--json", a.json, "Print the result as JSON");
  command->callback([arguments, perturb, &session] {
    arguments->perturbs = perturb->count() > 0;
    run_profile(*arguments, session);
  });
}

}  // namespace triage::cli
