// The paper's premodel (sections 3.1 to 3.5): a chain of KNN stages, one a model, over one neighbour search.
// The first stage whose majority says "yes, this model" has it run; when all say no, the fallback.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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

// `n` training inputs, `d` features of the policy's schema.
struct PremodelModel {
  int k = 5;                        // neighbours asked: odd, 1..63, at most n
  std::size_t n_stages = 0;         // stage i asks for model i of PolicyInfo::models
  ModelIndex fallback = kNoModel;   // run when every stage says no; kNoModel refuses
  std::vector<float> minimum;       // (d) of each feature in training
  std::vector<float> maximum;       // (d)
  std::vector<float> rows;          // (n, d) scaled training features, 0..1
  std::vector<ModelIndex> optimum;  // (n) label: a stage's model, kNoModel where none of them is right
  IdList ids;                       // (n) names of the training inputs
};

// Min-max scaling: minimum to 0, maximum to 1; 0 for a feature that was constant in training. Held within a
// million ranges, so that distances stay finite.
[[nodiscard]] float scale_feature(float value, float minimum, float maximum);

class Premodel final : public Policy {
 public:
  Premodel(PolicyInfo info, PremodelModel model);
  [[nodiscard]] std::string_view kind() const override { return "premodel"; }
  [[nodiscard]] Action next(const Evidence& evidence, Trace* trace = nullptr) const override;

  // What it was made from, but for `rows`, which are in index().
  [[nodiscard]] const PremodelModel& model() const { return model_; }
  [[nodiscard]] const KnnIndex& index() const { return index_; }
  // How many of the neighbours say yes to stage `stage`.
  [[nodiscard]] int votes(std::span<const Neighbour> neighbours, std::size_t stage) const;

 private:
  [[nodiscard]] Action choose(std::span<const float> features, Trace* trace) const;

  PremodelModel model_;
  KnnIndex index_;
};

// Throws kPolicy when the parts do not fit together.
[[nodiscard]] std::unique_ptr<Policy> make_premodel(PolicyInfo info, PremodelModel model);

}  // namespace triage
