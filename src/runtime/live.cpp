// The live backend: makes tensors, runs networks and extracts features, on the clock.
#include "runtime/live.h"

#include <map>
#include <new>
#include <string>

#include "base/check.h"
#include "features/extraction.h"
#include "preprocess/preprocess.h"

namespace triage {
namespace {

// Memory of a tensor, aligned to a cache line for vector instructions.
class AlignedBytes {
 public:
  explicit AlignedBytes(std::size_t size)
      : size_(size), data_(static_cast<std::byte*>(::operator new(size, kAlignment))) {}
  [[nodiscard]] std::span<std::byte> span() const { return {data_.get(), size_}; }

 private:
  static constexpr std::align_val_t kAlignment{64};
  struct Free {
    void operator()(std::byte* data) const { ::operator delete(data, kAlignment); }
  };
  std::size_t size_;
  std::unique_ptr<std::byte, Free> data_;
};

// One recipe's tensor of the current input; models with equal recipes share it.
struct InputTensor {
  Recipe recipe;
  AlignedBytes bytes;
  bool made = false;
  double ms = 0;  // that took
};

}  // namespace

struct LiveBackend::State {
  ModelPool* pool;
  std::vector<ModelIndex> models;
  const FeatureSchema* schema;
  const Clock* clock;
  std::optional<Stopwatch> watch;  // runs since begin()
  ImageView image;
  std::optional<Resampling> resampling;  // instead of the recipes'
  bool begun = false;
  std::vector<InputTensor> tensors;
  std::vector<std::size_t> tensor_of;  // by policy model
  std::vector<float> probabilities;    // room for the largest model's
  std::span<const float> last_probabilities;
  LookTimes times;
  std::optional<FeatureExtraction> extraction;  // kept for its memory
  bool extracting = false;                      // it has begun the current input
};

LiveBackend::LiveBackend(ModelPool& pool, std::vector<ModelIndex> models, const FeatureSchema& schema,
                         const Clock& clock)
    : state_(std::make_unique<State>()) {
  state_->pool = &pool;
  state_->models = std::move(models);
  state_->schema = &schema;
  state_->clock = &clock;
  std::map<std::string, std::size_t> known;
  std::size_t most_classes = 0;
  for (const ModelIndex model : state_->models) {
    TRIAGE_CHECK(model >= 0 && static_cast<std::size_t>(model) < pool.zoo().models.size());
    const ModelSpec& spec = pool.zoo().models[static_cast<std::size_t>(model)];
    const auto [at, fresh] = known.emplace(recipe_key(spec.input), state_->tensors.size());
    if (fresh) state_->tensors.push_back({spec.input, AlignedBytes(spec.input.size_bytes())});
    state_->tensor_of.push_back(at->second);
    most_classes = std::max(most_classes, static_cast<std::size_t>(spec.output.n_classes));
  }
  state_->probabilities.resize(most_classes);
}

LiveBackend::~LiveBackend() = default;

void LiveBackend::begin(const ImageView& image, std::optional<Resampling> resampling) {
  state_->image = image;
  state_->resampling = resampling;
  state_->begun = true;
  state_->watch.emplace(*state_->clock);
  for (InputTensor& tensor : state_->tensors) tensor.made = false;
  state_->last_probabilities = {};
  state_->times = {};
  state_->extracting = false;
}

Cost LiveBackend::extract(FeatureMask mask, std::span<float> values) {
  TRIAGE_CHECK(state_->begun);
  const Stopwatch watch(*state_->clock);
  State& s = *state_;
  if (!s.extraction) {
    s.extraction.emplace(*s.schema, s.image, *s.clock);
  } else if (!s.extracting) {
    s.extraction->begin(s.image);
  }
  s.extracting = true;
  s.extraction->extract(mask, values);
  return {watch.ms(), kNotMeasured};
}

double LiveBackend::elapsed_ms(double) const {
  TRIAGE_CHECK(state_->watch.has_value());
  return state_->watch->ms();
}

double LiveBackend::prepare(ModelIndex model) {
  State& s = *state_;
  TRIAGE_CHECK(s.begun && model >= 0 && static_cast<std::size_t>(model) < s.models.size());
  InputTensor& tensor = s.tensors[s.tensor_of[static_cast<std::size_t>(model)]];
  if (tensor.made) return 0;
  const Stopwatch watch(*s.clock);
  Recipe recipe = tensor.recipe;
  recipe.resampling = s.resampling.value_or(recipe.resampling);
  preprocess(s.image, recipe, tensor.bytes.span());
  tensor.made = true;
  tensor.ms = watch.ms();
  return tensor.ms;
}

double LiveBackend::tensor_ms(ModelIndex model) const {
  return state_->tensors[state_->tensor_of[static_cast<std::size_t>(model)]].ms;
}

std::span<const std::byte> LiveBackend::tensor(ModelIndex model) const {
  const InputTensor& tensor = state_->tensors[state_->tensor_of[static_cast<std::size_t>(model)]];
  TRIAGE_CHECK(tensor.made);
  return tensor.bytes.span();
}

ModelIndex LiveBackend::zoo_model(ModelIndex model) const {
  TRIAGE_CHECK(model >= 0 && static_cast<std::size_t>(model) < state_->models.size());
  return state_->models[static_cast<std::size_t>(model)];
}

TopK LiveBackend::read(ModelIndex model, std::span<const float> raw) {
  State& s = *state_;
  const OutputSpec& output = s.pool->zoo().models[static_cast<std::size_t>(zoo_model(model))].output;
  const std::span<float> probabilities(s.probabilities.data(), static_cast<std::size_t>(output.n_classes));
  to_probabilities(output, raw, probabilities);
  s.last_probabilities = probabilities;
  return TopK::from_probabilities(probabilities);
}

Look LiveBackend::look(ModelIndex model, const TopK& output, const LookTimes& times) {
  state_->times = times;
  return {model, output, output.confidence(), {times.preprocess_ms + times.infer_ms, kNotMeasured}};
}

Look LiveBackend::run(ModelIndex model) { return *run_within(model, {}); }

std::optional<Look> LiveBackend::run_within(ModelIndex model, const Patience& patience) {
  State& s = *state_;
  // Loading and waiting are not what an input costs, so they are done before its clock runs.
  Stopwatch watch(*s.clock);
  const auto network = s.pool->acquire(zoo_model(model), patience);
  if (!network) return std::nullopt;
  LookTimes times;
  times.wait_ms = watch.ms();
  times.preprocess_ms = prepare(model);
  watch = Stopwatch(*s.clock);
  const TopK output = read(model, (*network)->run(tensor(model)));
  times.infer_ms = watch.ms();
  return look(model, output, times);
}

LookTimes LiveBackend::last_times() const { return state_->times; }

std::span<const float> LiveBackend::last_probabilities() const { return state_->last_probabilities; }

std::span<const float> LiveBackend::node_ms() const {
  return state_->extracting ? state_->extraction->node_ms() : std::span<const float>();
}

}  // namespace triage
