// What a server explored and was told (`triage serve`, docs/serve-feedback.md), as a profile.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace triage {

struct FeedbackImportOptions {
  // Inputs that nobody told the label of, too: for labels from a model (label_by_model).
  bool unlabelled = false;
};

struct FeedbackImport {
  std::size_t inputs = 0;        // in the profile
  std::size_t models = 0;        // of it
  std::size_t versions = 0;      // of the policy that they are from
  double explore_share = 0;      // of the traffic that they are a sample of: the least that was in use
  std::size_t thinned = 0;       // left out, since the share was larger when they came
  std::size_t unlabelled = 0;    // left out
  std::size_t other_models = 0;  // left out: explored with other models or features than the newest version
  std::size_t without_features = 0;  // left out: one was not finite
};

// Writes a profile of the inputs that were explored: all models of the newest version that explored ran on
// each. Inputs were drawn whatever they were, so they are a sample of the traffic, all alike. Where the share
// changed over time, those of a larger one are thinned to the least: they are just those that it would have
// drawn. Times are those while serving. The store may be in use. Throws kIo, kProfile, kUsage where `out`
// exists, and kData where nothing is left.
FeedbackImport import_feedback(const std::filesystem::path& store, const std::filesystem::path& out,
                               const FeedbackImportOptions& options = {});

}  // namespace triage
