// Exploring: behind the answer every model runs on some of the inputs, so that it is known what each would
// have said.
#pragma once

#include <memory>
#include <vector>

#include "serve/feedback.h"
#include "serve/infer.h"

namespace triage {

// What the store says of a policy on a runtime, with what its inputs are explored with: the classifiers that
// it may run, the model of its certificate (else the best single one in training) and the one whose answers
// are its labels, as far as the zoo has them. They are loaded where `explores`. Throws as Classifier.
[[nodiscard]] std::shared_ptr<const FeedbackVersion> feedback_version(
    std::shared_ptr<const ServedModel> model, const std::shared_ptr<Runtime>& runtime, bool explores);

// Has those of a job's inputs explored that are to be, where there is room; others are counted as skipped.
void explore(ServerContext& context, const InferJob& job);

}  // namespace triage
