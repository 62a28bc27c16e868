// The backend that runs models for real. Profiling measures through it too.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "runtime/driver.h"
#include "runtime/pool.h"
#include "triage/image.h"

namespace triage {

// Times of one live look, apart.
struct LookTimes {
  double preprocess_ms = 0;  // 0 when another model's look had made the same tensor
  double infer_ms = 0;
  double wait_ms = 0;  // for the network to be free or loaded; no part of the look's cost
};

// Runs models on one image after another; remembers tensors and feature graph of the current one. Not
// thread-safe; make one per thread.
class LiveBackend final : public Backend {
 public:
  // `models[i]` is the zoo model behind the policy's model i. `schema`, `pool` and `clock` must outlive it.
  LiveBackend(ModelPool& pool, std::vector<ModelIndex> models, const FeatureSchema& schema,
              const Clock& clock);
  ~LiveBackend() override;
  // Begins the next input; its pixels must stay while it is used. With `resampling` it is resized so,
  // whatever the recipes say.
  void begin(const ImageView& image, std::optional<Resampling> resampling = std::nullopt);
  Cost extract(FeatureMask mask, std::span<float> values) override;
  Look run(ModelIndex model) override;
  std::optional<Look> run_within(ModelIndex model, const Patience& patience) override;
  // By the clock, since begin().
  [[nodiscard]] double elapsed_ms(double accounted_ms) const override;

  // The parts of a run, for callers that measure them or run several inputs at once.
  // Makes the model's tensor, if it has not been made yet; returns the milliseconds that took, else 0.
  double prepare(ModelIndex model);
  // What making the model's tensor took, for whichever look it was made.
  [[nodiscard]] double tensor_ms(ModelIndex model) const;
  // The model's tensor, once prepared.
  [[nodiscard]] std::span<const std::byte> tensor(ModelIndex model) const;
  // A network's values as probabilities.
  [[nodiscard]] TopK read(ModelIndex model, std::span<const float> raw);
  // Makes a look of an output and its times; last_times() is then of this one.
  [[nodiscard]] Look look(ModelIndex model, const TopK& output, const LookTimes& times);
  // The zoo's model behind the policy's.
  [[nodiscard]] ModelIndex zoo_model(ModelIndex model) const;

  // Of the last look: its times apart, and all class probabilities, shape (n_classes).
  [[nodiscard]] LookTimes last_times() const;
  [[nodiscard]] std::span<const float> last_probabilities() const;
  // Of the current input: milliseconds per feature node, empty before extract().
  [[nodiscard]] std::span<const float> node_ms() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace triage
