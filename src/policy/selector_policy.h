// The premodel as a network (paper, section 5.2, "CNN"): a model with the manifest role `selector` looks at
// the input itself, its best class names the model that then runs and answers. It never answers itself.
#pragma once

#include <vector>

#include "triage/policy.h"

namespace triage {

// Positions are those of PolicyInfo::models.
struct SelectorParameters {
  ModelIndex selector = kNoModel;
  std::vector<ModelIndex> chooses;  // (c) what each class of the selector stands for; kNoModel: none is right
  ModelIndex fallback = kNoModel;   // run when none is right; kNoModel refuses
};

class Selector final : public Policy {
 public:
  Selector(PolicyInfo info, SelectorParameters parameters);
  [[nodiscard]] std::string_view kind() const override { return "selector"; }
  [[nodiscard]] Action next(const Evidence& evidence, Trace* trace = nullptr) const override;
  // What the selector says are no classes of the input: it answers nothing.
  [[nodiscard]] Action answer(const Evidence& evidence) const override;
  [[nodiscard]] bool can_answer(ModelIndex model) const override { return model != parameters_.selector; }
  [[nodiscard]] std::int32_t choices_of(ModelIndex model) const override;
  [[nodiscard]] const SelectorParameters& parameters() const { return parameters_; }

 private:
  [[nodiscard]] Action choose(const Look& look, Trace* trace) const;

  SelectorParameters parameters_;
};

// Throws kPolicy when the parts do not fit together.
[[nodiscard]] std::unique_ptr<Policy> make_selector(PolicyInfo info, SelectorParameters parameters);

}  // namespace triage
