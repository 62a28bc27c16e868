// The premodel: chooses a model by the input's features before any model has run. Either a chain of yes/no
// stages, one a model (the paper's sections 3.1 to 3.5, Figure 10): the first that says yes has its model
// run; or one chooser among all the models (Figure 9). When nothing is chosen: the fallback.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/chooser.h"
#include "policy/knn.h"
#include "triage/policy.h"

namespace triage {

// Many short strings in two arrays.
class IdList {
 public:
  IdList() = default;
  // Entry i ends before bytes[ends[i]] and begins where the one before it ends. Throws kPolicy.
  IdList(std::string bytes, std::vector<std::uint32_t> ends);
  void push_back(std::string_view id);
  [[nodiscard]] std::size_t size() const { return ends_.size(); }
  [[nodiscard]] std::string_view at(std::size_t i) const;
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] const std::vector<std::uint32_t>& ends() const { return ends_; }

 private:
  std::string bytes_;
  std::vector<std::uint32_t> ends_;
};

enum class PremodelForm { kChain, kMulticlass };

// `n` training inputs, `d` features of the policy's schema. The training inputs are kept only where a KNN
// chooser or `max_distance` needs them; else n is 0.
struct PremodelParameters {
  PremodelForm form = PremodelForm::kChain;
  std::size_t n_stages = 0;        // models that are chosen among: 0 .. n_stages-1 of PolicyInfo::models
  std::vector<Chooser> choosers;   // chain: one a stage; multi-class: one, class i for model i, then "none"
  ModelIndex fallback = kNoModel;  // run when nothing is chosen; kNoModel refuses
  std::vector<float> minimum;      // (d) of each feature in training
  std::vector<float> maximum;      // (d)

  int k = 5;                        // neighbours asked: odd, 1..63, at most n
  std::vector<float> rows;          // (n, d) scaled training features, 0..1
  std::vector<ModelIndex> optimum;  // (n) the model that is its optimum, kNoModel where none is right
  IdList ids;                       // (n) names of the training inputs

  // Soundness (section 6): an input whose mean distance to its k neighbours is larger is unlike the training
  // inputs; it is refused or gets the fallback.
  double max_distance = std::numeric_limits<double>::infinity();
  bool refuse_beyond = false;

  [[nodiscard]] std::size_t n_classes() const { return form == PremodelForm::kChain ? 2 : n_stages + 1; }
};

// The paper's chain: stage i says yes when most neighbours have model i as their optimum. From `n_stages` and
// `optimum`.
[[nodiscard]] std::vector<Chooser> paper_choosers(const PremodelParameters& parameters);

// Mean distance to the neighbours, in scaled features.
[[nodiscard]] double mean_distance(std::span<const Neighbour> neighbours);

// Min-max scaling: minimum to 0, maximum to 1; 0 for a feature that was constant in training. Clamped to a
// million ranges, so that distances stay finite.
[[nodiscard]] float scale_feature(float value, float minimum, float maximum);

class Premodel final : public Policy {
 public:
  Premodel(PolicyInfo info, PremodelParameters parameters);
  [[nodiscard]] std::string_view kind() const override { return "premodel"; }
  [[nodiscard]] Action next(const Evidence& evidence, Trace* trace = nullptr) const override;

  // What it was made from, but for `rows`, which are in index().
  [[nodiscard]] const PremodelParameters& parameters() const { return parameters_; }
  // Whether it has training inputs to search; index() may be called only then.
  [[nodiscard]] bool has_index() const { return index_.has_value(); }
  [[nodiscard]] const KnnIndex& index() const { return *index_; }

  // The parts of a decision, for tests and for judging stages one by one. `raw` and `scaled` have shape (d),
  // `nearest` at least (k).
  void scale(std::span<const float> raw, std::span<float> scaled) const;
  [[nodiscard]] Question ask(std::span<const float> scaled, std::span<Neighbour> nearest) const;

 private:
  [[nodiscard]] Action choose_model(std::span<const float> features, Trace* trace) const;
  [[nodiscard]] ModelIndex chosen(const Question& question, Trace* trace) const;
  [[nodiscard]] Action fall_back(bool refuse) const;

  PremodelParameters parameters_;
  std::optional<KnnIndex> index_;
};

// Throws kPolicy when the parts do not fit together.
[[nodiscard]] std::unique_ptr<Policy> make_premodel(PolicyInfo info, PremodelParameters parameters);

}  // namespace triage
