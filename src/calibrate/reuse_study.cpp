// A policy on every frame of some sequences, live, and the limit of reuse that its answers give.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

#include "base/stop.h"
#include "calibrate/reuse_limit.h"
#include "data/readable.h"
#include "preprocess/needed_extent.h"
#include "runtime/live.h"
#include "triage/classifier.h"
#include "triage/error.h"

namespace triage {
namespace {

// One to leave out, and two others for an interval.
constexpr std::size_t kLeastSequences = 3;

void check_reuse_options(const ReuseOptions& options) {
  if (!(options.max_loss >= 0 && options.max_loss < 1)) {
    throw Error(ErrorCode::kUsage,
                fmt::format("max_loss: {:.4g}, expected a share from 0 to below 1", options.max_loss));
  }
  if (options.limits.empty()) {
    throw Error(ErrorCode::kUsage, "limits: none, expected at least one difference of gray levels");
  }
  double before = 0;
  for (const double limit : options.limits) {
    check_reuse({limit, options.max_age});
    if (!(limit > before)) {
      throw Error(ErrorCode::kUsage,
                  fmt::format("limits: {:.4g} after {:.4g}, expected rising ones above 0", limit, before));
    }
    before = limit;
  }
}

// Inputs by their folder, each in the order of their ids.
using Folders = std::map<std::string, std::vector<std::size_t>>;

Folders sequences_of(const Dataset& data) {
  Folders folders;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const std::string id = data.id(i);
    const std::size_t slash = id.rfind('/');
    folders[slash == std::string::npos ? std::string() : id.substr(0, slash)].push_back(i);
  }
  if (folders.size() < kLeastSequences) {
    throw Error(ErrorCode::kData,
                fmt::format("sequences: {}, expected {} or more, each a folder of frames: a "
                            "limit is judged on sequences that it was not learned on",
                            folders.size(), kLeastSequences));
  }
  for (auto& [folder, inputs] : folders) {
    std::sort(inputs.begin(), inputs.end(),
              [&](std::size_t a, std::size_t b) { return data.id(a) < data.id(b); });
  }
  return folders;
}

void expect_labels(const Dataset& data) {
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (data.label(i) != kNoLabel) continue;
    throw Error(ErrorCode::kData, fmt::format("'{}': no label, expected one for every frame; take a model's "
                                              "answers for labels (label_by_model)",
                                              data.id(i)));
  }
}

// Whose answers are the labels.
class LabelModel {
 public:
  LabelModel(Runtime& runtime, const std::string& name)
      : backend_(runtime.pool(), {find(runtime.zoo(), name)}, no_features_, runtime.clock()) {}
  Label label(const Image& image) {
    backend_.begin(image);
    return backend_.run(0).output.best();
  }

 private:
  static ModelIndex find(const Zoo& zoo, const std::string& name) {
    const ModelIndex found = zoo.find(name);
    if (found != kNoModel && zoo.models[static_cast<std::size_t>(found)].role == Role::kClassifier) {
      return found;
    }
    throw Error(ErrorCode::kUsage, fmt::format("labels_from: '{}', expected a model of zoo '{}'; see 'triage "
                                               "zoo list'",
                                               name, zoo.name));
  }

  FeatureSchema no_features_;
  LiveBackend backend_;
};

// Answers frame after frame; counts what the study tells of all of them.
class FrameAnswers {
 public:
  FrameAnswers(const std::shared_ptr<const Policy>& policy, const std::shared_ptr<Runtime>& runtime,
               const Dataset& data, const ReuseOptions& options)
      : classifier_(policy, runtime), data_(&data), options_(&options) {
    decode_ = decode_options_for(runtime->zoo(), policy->info().schema.working_px, options.decode);
    if (!options.labels_from.empty()) labels_.emplace(*runtime, options.labels_from);
  }
  FrameSequence answer(std::span<const std::size_t> inputs, ReuseStudy& study) {
    FrameSequence sequence;
    for (const std::size_t i : inputs) {
      throw_if_stopped(options_->stop, "reuse");
      if (const auto image = load_readable(*data_, i, decode_)) {
        sequence.push_back({thumbnail_of(*image), classifier_.classify(*image).answer,
                            labels_ ? labels_->label(*image) : data_->label(i)});
      } else {
        ++study.n_failed;
      }
      if (options_->on_frame) options_->on_frame(++done_, data_->size());
    }
    study.frames += sequence.size();
    return sequence;
  }

 private:
  Classifier classifier_;
  const Dataset* data_;
  const ReuseOptions* options_;
  DecodeOptions decode_;
  std::optional<LabelModel> labels_;
  std::size_t done_ = 0;
};

double mean_score(std::span<const FrameSequence> sequences, Criterion criterion) {
  double sum = 0;
  for (const FrameSequence& sequence : sequences) {
    double right = 0;
    for (const AnsweredFrame& frame : sequence) {
      right += score_of_answer(frame.answer, frame.label, criterion);
    }
    sum += right / static_cast<double>(sequence.size());
  }
  return sum / static_cast<double>(sequences.size());
}

LearnedReuse learned(const ReuseStudy& study, const ReuseOptions& options) {
  LearnedReuse reuse;
  reuse.rule = {study.steps[*study.chosen].limit, options.max_age};
  reuse.max_loss = options.max_loss;
  reuse.loss = study.left_out_loss.value;
  reuse.ran_share = study.left_out_ran_share;
  reuse.sequences = study.sequences;
  reuse.frames = study.frames;
  reuse.labels_from = options.labels_from;
  return reuse;
}

}  // namespace

std::vector<double> default_reuse_limits() {
  return {0.5, 0.7, 1, 1.4, 2, 2.8, 4, 5.6, 8, 11, 16, 22, 32, 45, 64};
}

ReuseStudy study_reuse(const std::shared_ptr<const Policy>& policy, const std::shared_ptr<Runtime>& runtime,
                       const Dataset& data, const ReuseOptions& options) {
  check_reuse_options(options);
  const Folders folders = sequences_of(data);
  if (options.labels_from.empty()) expect_labels(data);
  FrameAnswers answers(policy, runtime, data, options);
  ReuseStudy study;
  std::vector<FrameSequence> sequences;
  for (const auto& [folder, inputs] : folders) {
    FrameSequence sequence = answers.answer(inputs, study);
    if (!sequence.empty()) sequences.push_back(std::move(sequence));
  }
  if (sequences.size() < kLeastSequences) {
    throw Error(ErrorCode::kData,
                fmt::format("sequences: {} with frames that can be read, of {}, expected {} or more; mend or "
                            "replace their files",
                            sequences.size(), folders.size(), kLeastSequences));
  }
  const Criterion criterion = policy->info().criterion;
  learn_reuse(sequences, criterion, options, study);
  study.score = mean_score(sequences, criterion);
  if (study.chosen) study.policy = with_reuse(*policy, learned(study, options));
  return study;
}

}  // namespace triage
