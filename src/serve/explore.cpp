#include "serve/explore.h"

#include <algorithm>
#include <utility>

#include "triage/engine.h"
#include "triage/tools/profile.h"

namespace triage {
namespace {

// Extracts all features of its schema, and runs its only model.
class ExploringPolicy final : public Policy {
 public:
  explicit ExploringPolicy(PolicyInfo info) : Policy(std::move(info)) {}
  [[nodiscard]] std::string_view kind() const override { return "explore"; }
  [[nodiscard]] Action next(const Evidence& evidence, Trace* /*trace*/) const override {
    const FeatureMask wanted = all_features(info().schema);
    if (info().schema.size() > 0 && evidence.extracted != wanted) return Action::extract(wanted);
    return evidence.looks.empty() ? Action::run(0) : Action::answer_of(evidence.looks.back());
  }
};

// Classifiers of a zoo to explore with, each once.
class ExploredModels {
 public:
  explicit ExploredModels(Runtime& runtime) {
    for (const ModelSpec& spec : runtime.zoo().models) {
      resolved_.push_back(runtime.engines().resolved(spec));
      fingerprints_.push_back(resolved_.back().fingerprint());
    }
  }

  // Position among them; none: the zoo has no such classifier.
  std::optional<std::size_t> add(std::string_view name, std::string_view fingerprint) {
    for (std::size_t i = 0; i < resolved_.size(); ++i) {
      const bool is_it = fingerprint.empty() ? resolved_[i].name == name : fingerprints_[i] == fingerprint;
      if (!is_it || resolved_[i].role != Role::kClassifier) continue;
      const auto known = std::find(positions_.begin(), positions_.end(), i);
      if (known == positions_.end()) positions_.push_back(i);
      return known == positions_.end() ? positions_.size() - 1
                                       : static_cast<std::size_t>(known - positions_.begin());
    }
    return std::nullopt;
  }
  [[nodiscard]] std::vector<ExploredModel> models() const {
    std::vector<ExploredModel> models;
    for (const std::size_t i : positions_) {
      const ModelSpec& spec = resolved_[i];
      models.push_back({.id = ModelId(spec.name, fingerprints_[i], spec.precision),
                        .recipe = recipe_key(spec.input),
                        .device = spec.device,
                        .threads = spec.threads});
    }
    return models;
  }

 private:
  std::vector<ModelSpec> resolved_;
  std::vector<std::string> fingerprints_;
  std::vector<std::size_t> positions_;
};

// The first one extracts the features.
std::vector<std::shared_ptr<const ServedModel>> explorers_of(const ServedPolicyFacts& facts,
                                                             const std::shared_ptr<Runtime>& runtime) {
  std::vector<std::shared_ptr<const ServedModel>> explorers;
  for (const ExploredModel& model : facts.explored) {
    PolicyInfo info;
    static_cast<ModelId&>(info.models.emplace_back()) = model.id;
    info.n_classes = facts.n_classes;
    if (explorers.empty()) info.schema = facts.schema;
    auto policy = std::make_shared<const ExploringPolicy>(std::move(info));
    Classifier classifier(policy, runtime);
    classifier.warm_up();
    explorers.push_back(std::make_shared<const ServedModel>(
        ServedModel{model.id.name, facts.version, std::move(policy), std::move(classifier)}));
  }
  return explorers;
}

void add_roles(ServedPolicyFacts& facts, const Policy& policy, ExploredModels& explored) {
  const PolicyInfo& info = policy.info();
  for (const PolicyModel& model : info.models) {
    facts.models.push_back(model.name);
    static_cast<void>(explored.add(model.name, model.fingerprint));
  }
  const Certificate* certificate = policy.certificate();
  const bool is_best = certificate == nullptr || certificate->versus == info.best.name;
  const std::string& versus = is_best ? info.best.name : certificate->versus;
  if (!versus.empty()) facts.reference = explored.add(versus, is_best ? info.best.fingerprint : "");
  const std::string& labels = certificate == nullptr ? info.training.labels_from : certificate->labels_from;
  if (!labels.empty()) facts.labels_from = explored.add(labels, "");
  // Without the model that says the labels nothing can be said of the promise.
  if (certificate != nullptr && (labels.empty() || facts.labels_from)) facts.max_loss = certificate->max_loss;
}

// One exploration under way: the models run one after the other.
struct Exploration {
  std::shared_ptr<const FeedbackVersion> version;
  std::vector<std::int64_t> ids;
  std::vector<std::size_t> positions;            // in the request
  std::vector<std::vector<ExploredLook>> looks;  // (inputs, models so far)
  InferRequest request;
};

void keep_looks(Exploration& exploration, const InferJob& done) {
  for (std::size_t i = 0; i < done.results.size(); ++i) {
    const Result& result = done.results[i];
    ExploredLook& look = exploration.looks[i].emplace_back();
    look.output = result.answer;
    look.preprocess_ms = result.preprocess_ms;
    look.infer_ms = result.infer_ms;
    look.features_ms = result.features_ms;
    look.features = result.features;
  }
}

void explore_next(ServerContext& context, const std::shared_ptr<Exploration>& exploration) {
  const std::size_t next = exploration->looks.front().size();
  const FeedbackVersion& version = *exploration->version;
  if (next == version.explorers.size()) {
    context.metrics->count_explored(exploration->ids.size(), true);
    for (std::size_t i = 0; i < exploration->ids.size(); ++i) {
      context.feedback->add_explored(exploration->version, exploration->ids[i],
                                     std::move(exploration->looks[i]));
    }
    return;
  }
  const auto skip = [&context, exploration] {
    context.metrics->count_explored(exploration->ids.size(), false);
  };
  // What clients wait for comes first.
  if (!context.queue->has_spare_room()) return skip();
  auto job = std::make_shared<InferJob>();
  job->model = version.explorers[next];
  job->request = std::move(exploration->request);
  job->first_byte_ns = context.clock->now_ns();
  const std::vector<ServedImage> all = images_of(job->request);
  for (const std::size_t position : exploration->positions) job->images.push_back(all[position]);
  job->done = [&context, exploration, skip](InferJob& done) {
    if (done.error) return skip();
    keep_looks(*exploration, done);
    exploration->request = std::move(done.request);
    explore_next(context, exploration);
  };
  if (context.queue->submit(job)) skip();
}

}  // namespace

std::shared_ptr<const FeedbackVersion> feedback_version(std::shared_ptr<const ServedModel> model,
                                                        const std::shared_ptr<Runtime>& runtime,
                                                        bool explores) {
  auto version = std::make_shared<FeedbackVersion>();
  const Policy& policy = *model->policy;
  ServedPolicyFacts& facts = version->facts;
  facts.version = model->version;
  facts.kind = policy.kind();
  facts.zoo = runtime->zoo().name;
  facts.machine = machine_description();
  facts.criterion = policy.info().criterion;
  facts.n_classes = policy.info().n_classes;
  facts.max_pixels = runtime->options().decode.max_pixels;
  facts.schema = policy.info().schema;
  for (const auto& names : {runtime->zoo().label_names, policy.info().label_names}) {
    if (facts.label_names.empty() && std::ssize(names) == facts.n_classes) facts.label_names = names;
  }
  ExploredModels explored(*runtime);
  add_roles(facts, policy, explored);
  facts.explored = explored.models();
  if (explores) version->explorers = explorers_of(facts, runtime);
  version->model = std::move(model);
  return version;
}

void explore(ServerContext& context, const InferJob& job) {
  if (context.feedback == nullptr || job.feedback_id == 0) return;
  auto exploration = std::make_shared<Exploration>();
  for (std::size_t i = 0; i < job.results.size(); ++i) {
    const std::int64_t id = job.feedback_id + static_cast<std::int64_t>(i);
    if (!context.feedback->is_explored(id)) continue;
    exploration->ids.push_back(id);
    exploration->positions.push_back(i);
  }
  if (exploration->ids.empty()) return;
  exploration->version = context.feedback->version_of(*job.model);
  if (exploration->version == nullptr || exploration->version->explorers.empty()) return;
  exploration->looks.resize(exploration->ids.size());
  exploration->request = job.request;
  explore_next(context, exploration);
}

}  // namespace triage
