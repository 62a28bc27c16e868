// triage classify: runs images through a policy and says what they are, which model said so and why.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/explain.h"
#include "cli/inputs.h"
#include "triage/classifier.h"
#include "triage/error.h"
#include "triage/request.h"
#include "triage/runtime.h"

namespace triage::cli {
namespace {

using Json = nlohmann::json;

struct Options {
  std::string policy;
  std::string zoo;
  std::vector<std::string> inputs;
  std::string range;
  std::string cache = default_cache_dir().string();
  int top = 5;
  bool explain = false;
  bool json = false;
  std::int64_t max_pixels = DecodeOptions{}.max_pixels;
  Request request;  // what every input is asked for; the latency cap begins with its decoding
  std::optional<double> mean_latency_ms;
};

struct Failure {
  std::string input;
  std::string message;
};

// Whether the error concerns one input alone, not the models or Triage.
bool is_of_input(ErrorCode code) {
  return is_image_error(code) || code == ErrorCode::kIo || code == ErrorCode::kData;
}

// Classifies one input after another; holds what the final document or summary needs.
class ClassifyRun {
 public:
  ClassifyRun(const Classifier& classifier, const Options& options)
      : classifier_(&classifier), options_(&options) {
    check_request(*classifier.policy(), options.request);
    warn_of_caps(*classifier.policy(), options.request);
    if (options.mean_latency_ms) {
      stream_.emplace(*classifier.policy(), StreamOptions{.mean_latency_ms = *options.mean_latency_ms});
    }
  }

  void take(const Input& input) {
    Shown shown;
    shown.input = input.name;
    shown.label = input.label;
    Request request = options_->request;
    request.explain = options_->explain;
    if (stream_) request.price = stream_->request().price;
    try {
      const Stopwatch watch(steady_clock());
      const Image image = input.load();
      shown.decode_ms = watch.ms();
      request.spent_ms = shown.decode_ms;
      shown.result = classifier_->classify(image, request);
    } catch (const Error& error) {
      if (!is_of_input(error.code())) throw;
      fail(input.name, error.what());
      return;
    }
    if (stream_) stream_->record(request, shown.result.total.ms);
    count(shown);
    if (options_->json) {
      results_.push_back(to_json(*classifier_, shown, options_->top, options_->explain));
    } else {
      print_text(*classifier_, shown, options_->top, options_->explain);
    }
  }

  // The document, or the last lines. Returns whether every input went well.
  bool finish() const {
    if (options_->json) {
      Json failed = Json::array();
      for (const Failure& failure : failures_) {
        failed.push_back({{"input", failure.input}, {"error", failure.message}});
      }
      print_json({{"policy", options_->policy},
                  {"kind", classifier_->policy()->kind()},
                  {"zoo", classifier_->zoo().name},
                  {"results", results_},
                  {"failed", failed}});
    } else if (done_ > 1) {
      print_summary();
    }
    if (!failures_.empty()) {
      say("triage: {} of {} inputs failed:\n", failures_.size(), done_ + failures_.size());
      for (const Failure& failure : failures_) say("  {}\n", printable(failure.input));
    }
    return failures_.empty();
  }

 private:
  void fail(const std::string& input, const std::string& message) {
    say("triage: {}\n", printable(message));
    failures_.push_back({input, message});
  }

  void count(const Shown& shown) {
    ++done_;
    total_ms_ += shown.result.total.ms;
    const Result& outcome = shown.result;
    if (outcome.refused) ++refused_;
    if (outcome.model == kNoModel && !outcome.refused) ++combined_;
    if (outcome.limited()) ++limited_;
    if (outcome.breached) ++breached_;
    if (outcome.below_confidence) ++unsure_;
    if (outcome.model != kNoModel) ++chosen_[static_cast<std::size_t>(outcome.model)];
    if (shown.label != kNoLabel) {
      ++labelled_;
      if (outcome.answer.best() == shown.label) ++right_;
    }
  }

  void print_summary() const {
    fmt::print("{} inputs, {:.3f} ms each on average", done_, total_ms_ / static_cast<double>(done_));
    if (labelled_ > 0) fmt::print("; {} of {} labelled ones right", right_, labelled_);
    if (refused_ > 0) fmt::print("; {} refused", refused_);
    if (limited_ > 0) fmt::print("; a cap decided {}", limited_);
    if (breached_ > 0) fmt::print("; {} over the latency cap", breached_);
    if (unsure_ > 0) fmt::print("; {} below the confidence asked for", unsure_);
    fmt::print("\nanswered by");
    const auto& models = classifier_->policy()->info().models;
    const char* separator = " ";
    for (std::size_t i = 0; i < models.size(); ++i) {
      if (chosen_[i] == 0) continue;
      fmt::print("{}{} ({})", separator, printable(models[i].name), chosen_[i]);
      separator = ", ";
    }
    if (combined_ > 0) {
      fmt::print("{}several together ({})", separator, combined_);
      separator = ", ";
    }
    fmt::print("{}\n", *separator == ' ' ? " none" : "");
  }

  const Classifier* classifier_;
  const Options* options_;
  Json results_ = Json::array();
  std::optional<Stream> stream_;
  std::vector<Failure> failures_;
  std::size_t done_ = 0;
  std::size_t refused_ = 0;
  std::size_t combined_ = 0;
  std::size_t limited_ = 0;
  std::size_t breached_ = 0;
  std::size_t unsure_ = 0;
  std::size_t labelled_ = 0;
  std::size_t right_ = 0;
  double total_ms_ = 0;
  std::vector<std::size_t> chosen_ = std::vector<std::size_t>(classifier_->policy()->info().models.size());
};

// Beside the policy file, unless told otherwise: the two are shipped together.
std::filesystem::path zoo_path(const Options& options) {
  if (!options.zoo.empty()) return options.zoo;
  const std::filesystem::path beside = std::filesystem::path(options.policy).parent_path() / "zoo.json";
  std::error_code ignored;
  if (std::filesystem::exists(beside, ignored)) return beside;
  throw Error(ErrorCode::kUsage,
              fmt::format("classify: no --zoo and no {}, expected a zoo manifest; add --zoo ZOO.json",
                          beside.string()));
}

void classify(const Options& options, Session& session) {
  InputOptions input_options;
  if (!options.range.empty()) input_options.range = parse_range(options.range);
  input_options.decode.max_pixels = options.max_pixels;

  const Classifier classifier =
      Classifier::load(options.policy, zoo_path(options), {.cache_dir = options.cache, .clock = {}});
  const std::vector<Input> inputs = list_inputs(options.inputs, input_options);
  ClassifyRun run(classifier, options);
  classifier.warm_up();
  for (const Input& input : inputs) {
    throw_if_stopped(session, "classify");
    run.take(input);
  }
  throw_if_stopped(session, "classify");
  if (!run.finish()) session.exit_code = kExitSomeFailed;
}

}  // namespace

void add_classify(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("classify", "Classify images through a trained policy");
  const auto options = std::make_shared<Options>();
  command->add_option("--policy,-p", options->policy, "Policy file (*.triage)")->required();
  command->add_option("--zoo,-z", options->zoo, "Zoo manifest; zoo.json beside the policy when left out");
  command
      ->add_option("inputs", options->inputs,
                   "Image files, folders (with their sub-folders), IDX files, or - for a list on stdin")
      ->required();
  command->add_option("--range", options->range, "first:last, the part of each IDX file to take");
  command->add_option("--top,-k", options->top, "Classes to show")
      ->capture_default_str()
      ->check(CLI::Range(1, kTopK));
  add_request_options(*command, options->request, options->mean_latency_ms);
  command->add_flag("--explain", options->explain, "Say why: votes, neighbours, features, confidences");
  command->add_flag("--json", options->json, "Print one JSON document");
  command->add_option("--max-pixels", options->max_pixels, "Images with more are an error")
      ->capture_default_str()
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40));
  command->add_option("--cache", options->cache, "Folder for compiled models; empty for none")
      ->capture_default_str();
  command->callback([options, &session] { classify(*options, session); });
}

}  // namespace triage::cli
