// triage time: puts this machine's times of a policy's models into the policy.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/inputs.h"
#include "triage/classifier.h"
#include "triage/error.h"
#include "triage/policy.h"
#include "triage/runtime.h"
#include "triage/tools/policy_times.h"
#include "triage/tools/profile.h"
#include "triage/tools/report.h"

namespace triage::cli {
namespace {

constexpr std::size_t kMostImages = 64;  // kept in memory and taken in turn

struct TimeArguments {
  std::string policy;
  std::string zoo;
  std::vector<std::string> data;
  std::string out;
  std::string cache = default_cache_dir().string();
  std::int64_t max_pixels = DecodeOptions{}.max_pixels;
  PolicyTimesOptions options;
  bool json = false;
};

// Images spread over what there is; those that cannot be read are passed over.
std::vector<Image> load_images(const TimeArguments& arguments, const DecodeOptions& decode,
                               const Session& session) {
  InputOptions options;
  options.decode = decode;
  const std::vector<Input> inputs = list_inputs(arguments.data, options);
  std::vector<Image> images;
  std::string problem;
  const std::size_t wanted = std::min(kMostImages, inputs.size());
  for (std::size_t i = 0; i < wanted; ++i) {
    throw_if_stopped(session, "time");
    try {
      images.push_back(inputs[i * inputs.size() / wanted].load());
    } catch (const Error& error) {
      if (!is_image_error(error.code()) && error.code() != ErrorCode::kIo && error.code() != ErrorCode::kData)
        throw;
      problem = error.what();
      warn(printable(problem));
    }
  }
  if (images.empty()) {
    throw Error(
        ErrorCode::kData,
        fmt::format("--data: no image could be read{}, expected 1 or more; give others, or leave it out",
                    problem.empty() ? "" : fmt::format(" ({})", problem)));
  }
  return images;
}

// What stays another machine's, a sentence each.
std::vector<std::string> what_stays(const Policy& policy) {
  const std::string& trained_on = policy.info().trained_on;
  std::vector<std::string> sentences;
  if (same_machine(trained_on, policy.info().machine)) return sentences;
  sentences.push_back(
      fmt::format("What it decides by is as it was trained with times of '{}': order, thresholds, prices, "
                  "settings and their "
                  "expected costs. For those of this machine: 'triage profile --times-only' here, 'triage "
                  "merge --times', 'triage "
                  "train'.",
                  trained_on));
  if (policy.certificate() != nullptr) {
    sentences.emplace_back(
        "Its certificate stands, as what it promises is a score, which times do not change; its mean time is "
        "the other "
        "machine's.");
  }
  return sentences;
}

void print_times(const Policy& before, const Policy& after, const PolicyTimes& times) {
  fmt::print("  {:<28} {:>10} {:>10} {:>10} {:>10}   {}\n", "model", "mean ms", "p50 ms", "p99 ms",
             "p99.9 ms", "before: mean, p99.9");
  const auto& old = before.info().models;
  for (std::size_t i = 0; i < old.size(); ++i) {
    const PolicyModel& now = times.models[i];
    fmt::print("  {:<28} {:>10} {:>10} {:>10} {:>10}   {}, {}\n", printable(now.name),
               format_figure(now.mean_ms), format_figure(now.p50_ms), format_figure(now.p99_ms),
               format_figure(now.p999_ms), format_figure(old[i].mean_ms), format_figure(old[i].p999_ms));
  }
  fmt::print("{} runs of each, timed on {}\n", times.runs, printable(times.machine));
  if (times.runs < 1000) fmt::print("with fewer than 1,000 runs p99.9 is the slowest of them\n");
  if (times.retries > 0) {
    fmt::print(
        "{} runs were timed again, as the process stood still meanwhile{}\n", times.retries,
        times.disturbed > 0 ? fmt::format("; {} stayed so, and may be too long", times.disturbed) : "");
  }
  if (!before.info().best.name.empty() && after.info().best.name.empty()) {
    fmt::print("{}, the best single model in training, is not in the zoo: its time is left out\n",
               printable(before.info().best.name));
  }
  for (const std::string& sentence : what_stays(after)) fmt::print("{}\n", printable(sentence));
}

nlohmann::json to_json(const TimeArguments& arguments, const Policy& after, const PolicyTimes& times) {
  nlohmann::json models = nlohmann::json::array();
  for (const PolicyModel& model : times.models) {
    models.push_back({{"name", model.name},
                      {"mean_ms", model.mean_ms},
                      {"p50_ms", model.p50_ms},
                      {"p90_ms", model.p90_ms},
                      {"p99_ms", model.p99_ms},
                      {"p999_ms", model.p999_ms}});
  }
  return {
      {"file", arguments.out},       {"machine", times.machine},     {"trained_on", after.info().trained_on},
      {"runs", times.runs},          {"timed_again", times.retries}, {"disturbed", times.disturbed},
      {"models", std::move(models)}, {"notes", what_stays(after)}};
}

void run(TimeArguments& arguments, const Session& session) {
  check_outputs({&arguments.out, 1}, {&arguments.policy, 1});
  const std::shared_ptr<const Policy> policy = load_policy(arguments.policy);
  RuntimeOptions options;
  options.cache_dir = arguments.cache;
  options.decode.max_pixels = arguments.max_pixels;
  const auto runtime = Runtime::load(zoo_of_policy(arguments.policy, arguments.zoo, "time"), options);
  std::vector<Image> images;
  if (arguments.data.empty()) {
    images.push_back(made_up_image(*policy, runtime->zoo()));
    if (!arguments.json) {
      fmt::print("without --data: times of a made-up picture of {}x{}; resizing larger ones comes on top\n",
                 images[0].width, images[0].height);
    }
  } else {
    images = load_images(arguments, Classifier(policy, runtime).decode_options(), session);
  }
  arguments.options.stop = session.stop_source.get_token();
  std::optional<Progress> progress;
  arguments.options.on_progress = [&](std::size_t done, std::size_t total) {
    if (!progress) progress.emplace("timing rounds", total);
    progress->update(done);
  };
  const PolicyTimes times = time_policy(*policy, runtime, images, arguments.options);
  progress.reset();
  if (const double load = load_per_core(); load > 0.5) {
    warn(fmt::format(
        "the machine was busy: load {:.2f} per core, expected at most 0.50; times may be too long", load));
  }
  const auto timed = with_times(*policy, times.models, times.best, times.machine);
  throw_if_stopped(session, "time");
  save_policy(*timed, arguments.out);
  if (arguments.json) {
    print_json(to_json(arguments, *timed, times));
    return;
  }
  print_times(*policy, *timed, times);
  fmt::print("{} written\n", printable(arguments.out));
}

}  // namespace

void add_time(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand(
      "time", "Measure the times of a policy's models on this machine, which latency caps reckon with");
  const auto arguments = std::make_shared<TimeArguments>();
  TimeArguments& a = *arguments;
  command->add_option("policy", a.policy, "Policy file (*.triage)")->required()->type_name("IN.triage");
  command->add_option("--zoo,-z", a.zoo, "Zoo manifest; zoo.json beside the policy when left out");
  command->add_option("--data", a.data,
                      "Images as they will come: files, folders or IDX files; without, a made-up picture");
  command->add_option("-o,--out", a.out, "Policy with the new times to write")
      ->required()
      ->type_name("OUT.triage");
  command->add_option("--runs", a.options.runs, "Of each model; 1,000 tell what one run in a thousand takes")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("--seconds", a.options.seconds, "End after this time, but not before 30 runs")
      ->check(CLI::Range(0.001, 86400.0))
      ->capture_default_str();
  command->add_option("--max-pixels", a.max_pixels, "Larger images are an error")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--cache", a.cache, "Folder for compiled models; empty for none")
      ->capture_default_str();
  command->add_flag("--json", a.json, "Print one JSON document");
  command->callback([arguments, &session] { run(*arguments, session); });
}

}  // namespace triage::cli
