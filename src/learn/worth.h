// How training weighs a gain in score against cost saved.
#pragma once

namespace triage {

// What a policy is worth beside the single best model, a share of score, when its gain in score over that
// model is an estimate with a standard error: what is lost counts in full, what is gained a quarter, since
// who asks for the best model's answers at less cost wants no more than these; the whole cost of that model
// is worth kWorthOfTime. It is the mean over what the gain may be, so that uncertain gains are worth less.
[[nodiscard]] double expected_worth(double gain, double error, double cost_ratio);

}  // namespace triage
