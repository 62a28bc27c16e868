// triage classify: runs images through a policy and says what they are, which model said so and why.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/classify_stream.h"
#include "cli/cli.h"
#include "cli/decode_options.h"
#include "cli/explain.h"
#include "cli/flags.h"
#include "cli/inputs.h"
#include "cli/remark_warnings.h"
#include "triage/classifier.h"
#include "triage/error.h"
#include "triage/request.h"
#include "triage/runtime.h"
#include "triage/tools/profile.h"
#include "triage/tools/report.h"

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
  bool preload = false;
  unsigned threads = 0;  // ManyOptions::threads
  DecodeOptions decode;
  Request request;  // what every input is asked for; the latency cap begins with its decoding
  std::optional<double> mean_latency_ms;
  StreamArguments stream;
};

struct Failure {
  std::string input;
  std::string message;
};

// Caps and mean times are in milliseconds of this machine, what the policy knows may be of another's.
void warn_of_another_machine(const Policy& policy, const Options& options) {
  const PolicyInfo& info = policy.info();
  if (std::isinf(options.request.max_latency_ms) && !options.mean_latency_ms) return;
  const std::string here = machine_description();
  const auto is_here = [&](const std::string& machine) {
    return machine.empty() || same_machine(machine, here);
  };
  if (!std::isinf(options.request.max_latency_ms) && !is_here(info.machine)) {
    warn(
        printable(fmt::format("--max-latency-ms: reckons with times of '{}', and this is '{}'; 'triage time "
                              "{} --zoo {} -o NEW.triage' puts "
                              "times of this machine into the policy",
                              info.machine, here, options.policy,
                              zoo_of_policy(options.policy, options.zoo, "classify").string())));
  }
  const std::string& trained_on = info.trained_on.empty() ? info.machine : info.trained_on;
  if (options.mean_latency_ms && !is_here(trained_on)) {
    warn(
        printable(fmt::format("--mean-latency-ms: begins with what training expected on '{}', and this is "
                              "'{}'; it is met by feedback, after "
                              "some inputs",
                              trained_on, here)));
  }
}

void warn_of_requests(const Classifier& classifier, const Options& options) {
  check_request(*classifier.policy(), options.request);
  warn_of_caps(*classifier.policy(), options.request);
  warn_of_another_machine(*classifier.policy(), options);
}

// What max_latency_ms would have had to be so that it had decided nothing on this input: the model that it
// kept out, and, where the order is fixed, those that may have followed, as slow as the cap reckons.
double enough_ms(const Policy& policy, const Request& request, const Result& result) {
  if (result.limit != Limit::kLatency || result.kept_out == kNoModel) return 0;
  const auto& models = policy.info().models;
  const auto slow = [&](ModelIndex model) {
    return models[static_cast<std::size_t>(model)].time_quantile_ms(request.cap_quantile);
  };
  double needs = result.kept_out_at_ms + slow(result.kept_out);
  const auto order = policy.look_order(request);
  const auto at = std::find_if(order.begin(), order.end(),
                               [&](const OrderedLook& look) { return look.model == result.kept_out; });
  for (auto next = at; next != order.end(); ++next) {
    if (next != at) needs += slow(next->model);
  }
  return needs;
}

// To four digits, never below it.
double rounded_up(double value) {
  if (!(value > 0)) return value;
  const double unit = std::pow(10.0, std::floor(std::log10(value)) - 3);
  return std::ceil(value / unit) * unit;
}

// Shows one input after another; holds what the final document or summary needs.
class ClassifyRun {
 public:
  ClassifyRun(const Classifier& classifier, const Options& options, const CLI::App& app)
      : classifier_(&classifier), options_(&options), app_(&app) {
    warn_of_requests(classifier, options);
  }

  void take(const Input& input, Classified& classified) {
    if (classified.error) {
      fail(input.name, with_flags(classified.error->what(), *app_));
      return;
    }
    const ShownResult shown{.input = input.name,
                            .label = input.label,
                            .decode_ms = classified.result.decode_ms,
                            .remark = std::move(classified.remark),
                            .result = std::move(classified.result)};
    if (!shown.remark.empty()) {
      say("triage: {}\n", printable(fmt::format("{}: {}", shown.input, shown.remark)));
    }
    count(shown);
    enough_ms_ = std::max(enough_ms_, enough_ms(*classifier_->policy(), classified.request, shown.result));
    if (options_->json) {
      results_.push_back(Json::parse(result_json(*classifier_, shown, options_->top, options_->explain)));
    } else {
      print_result(*classifier_, shown, options_->top, options_->explain);
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
                  {"cap", cap_json()},
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

  void count(const ShownResult& shown) {
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

  Json cap_json() const {
    return {{"decided", limited_},
            {"quantile", options_->request.cap_quantile},
            {"enough_ms", enough_ms_ > 0 ? Json(rounded_up(enough_ms_)) : Json()}};
  }

  void print_summary() const {
    fmt::print("{} inputs, {} ms each on average", done_,
               format_figure(total_ms_ / static_cast<double>(done_), 3));
    if (labelled_ > 0) fmt::print("; {} of {} labelled ones right", right_, labelled_);
    if (refused_ > 0) fmt::print("; {} refused", refused_);
    if (limited_ > 0) {
      fmt::print(
          "; a cap decided {}{}", limited_,
          enough_ms_ > 0 ? fmt::format(" (none with --max-latency-ms {:.4g})", rounded_up(enough_ms_)) : "");
    }
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
  const CLI::App* app_;
  Json results_ = Json::array();
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
  double enough_ms_ = 0;  // a latency cap that would have decided nothing; 0: none decided
  std::vector<std::size_t> chosen_ = std::vector<std::size_t>(classifier_->policy()->info().models.size());
};

ManyOptions many_options(const Options& options) {
  ManyOptions many{.request = options.request,
                   .stream = std::nullopt,
                   .threads = options.threads,
                   .preload = options.preload};
  many.request.explain = options.explain;
  if (options.mean_latency_ms) many.stream = StreamOptions{.mean_latency_ms = *options.mean_latency_ms};
  return many;
}

void classify(const Options& options, Session& session) {
  InputOptions input_options;
  if (!options.range.empty()) input_options.range = parse_range(options.range);
  RuntimeOptions runtime_options;
  runtime_options.cache_dir = options.cache;
  runtime_options.decode = options.decode;
  runtime_options.observer = std::make_shared<RemarkWarnings>();
  const Classifier classifier = Classifier::load(
      options.policy, zoo_of_policy(options.policy, options.zoo, "classify"), runtime_options);
  if (options.stream.wanted) {
    warn_of_requests(classifier, options);
    classify_stream(classifier, options.stream,
                    {options.inputs, options.request, options.mean_latency_ms, options.top, options.json},
                    session);
    return;
  }
  input_options.decode = classifier.decode_options();
  const std::vector<Input> inputs = list_inputs(options.inputs, input_options);
  ClassifyRun run(classifier, options, *session.app);
  classifier.classify_many(
      inputs.size(), [&](std::size_t i) { return inputs[i].load(); },
      [&](std::size_t i, Classified& classified) { run.take(inputs[i], classified); }, many_options(options),
      session.stop_source.get_token());
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
  auto* range =
      command->add_option("--range", options->range, "first:last, the part of each IDX file to take");
  command->add_option("--top,-k", options->top, "Classes to show")
      ->capture_default_str()
      ->check(CLI::Range(1, kTopK));
  add_request_options(*command, options->request, options->mean_latency_ms);
  auto* explain =
      command->add_flag("--explain", options->explain, "Say why: votes, neighbours, features, confidences");
  command->add_flag("--json", options->json, "Print one JSON document; of a stream one a line");
  add_decode_options(*command, options->decode);
  command->add_flag("--preload", options->preload,
                    "Load all networks before the first input, not beside it; so it is where a latency is "
                    "asked for");
  auto* threads = command
                      ->add_option("--threads", options->threads,
                                   "Inputs at once (default: one per core; 1 where a latency is asked for)")
                      ->check(CLI::Range(1, 1024))
                      ->type_name("N");
  add_stream_options(*command, options->stream, {range, explain, threads});
  command->add_option("--cache", options->cache, "Folder for compiled models; empty for none")
      ->capture_default_str();
  command->callback([options, &session] { classify(*options, session); });
}

}  // namespace triage::cli
