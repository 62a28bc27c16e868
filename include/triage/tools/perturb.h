// How much a policy's decisions and answers depend on what should not matter: the quality of a JPEG, a pixel
// less at a side, the brightness, the way of resizing. The policy runs on labelled images as they are and
// perturbed, and beside it a single model, so that one sees whether choosing is more brittle than the model
// itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "triage/image.h"
#include "triage/policy.h"
#include "triage/request.h"
#include "triage/runtime.h"
#include "triage/tools/dataset.h"
#include "triage/tools/estimate.h"
#include "triage/types.h"
#include "triage/zoo.h"

namespace triage {

enum class PerturbationKind { kJpeg, kLeft, kTop, kRight, kBottom, kBrightness, kResample };

// One way of changing an image between decoding and the recipe.
struct Perturbation {
  PerturbationKind kind = PerturbationKind::kJpeg;
  // kJpeg: quality, 1 to 100. kLeft to kBottom: pixels cut off that side, 1 to 1000. kBrightness: what pixels
  // are multiplied by, above 0 and up to 10. Whole numbers but for the last.
  double amount = 0;
  Resampling resampling = Resampling::kBySize;  // kResample: instead of the recipes' own
  bool operator==(const Perturbation&) const = default;
};
// As parse_perturbations reads it: "jpeg:75", "left:1", "brightness:0.8", "resample:bilinear".
[[nodiscard]] std::string to_string(const Perturbation& perturbation);

// A list separated by commas. "crop:N" stands for left:N, top:N, right:N and bottom:N, "resample:all" for
// every way of resizing; an empty text for jpeg:90, 75 and 50, crop:1, brightness:0.8 and 1.25, and
// resample:all. Throws kUsage for what is unknown, out of range or given twice.
[[nodiscard]] std::vector<Perturbation> parse_perturbations(std::string_view text);

// The image perturbed; as it is for kResample, which is up to the recipe. Nothing where the image would not
// have a pixel left, or is too large for a JPEG. JPEG halves the resolution of colours, as most cameras and
// programs do.
[[nodiscard]] std::optional<Image> perturb(const Image& image, const Perturbation& perturbation);

// The inputs of `data`, each perturbed in every one of these ways, and none as it is: a data set of as many
// copies as inputs and ways. Copy `~jpeg:30` of input `photo.jpg` has that id behind the input's, the input's
// label, and its id for a group. load() throws kImageFormat where an image cannot be perturbed so. Throws
// kUsage for no perturbations.
[[nodiscard]] std::unique_ptr<Dataset> perturbed_dataset(std::unique_ptr<Dataset> data,
                                                         std::vector<Perturbation> perturbations);

struct PerturbOptions {
  std::vector<Perturbation> perturbations = parse_perturbations("");
  Criterion criterion = Criterion::kTop1;
  // The single model beside the policy: a model of the zoo; empty: the best one of the policy's training.
  std::string versus = {};
  Request request = {};  // of the policy on every image; no caps on time, which decide by chance
  DecodeOptions decode = {};
  int resamples = 2000;  // of the bootstrap; 0 leaves the intervals out
  std::uint64_t seed = 0;
  std::stop_token stop = {};  // when asked to stop: throws kInterrupted
  std::function<void(std::size_t done, std::size_t total)> on_image = {};
};

// What a perturbation does to whoever answers.
struct AnswerChange {
  std::size_t same_answers = 0;  // inputs with the same best class as before; refused both times counts too
  double score_before = 0, score_after = 0;
  Estimate loss;  // of score, before less after
};

struct PerturbationEffect {
  Perturbation perturbation;
  std::size_t inputs = 0;      // those that could be perturbed
  std::size_t same_looks = 0;  // on which the policy ran the same models in the same order
  AnswerChange policy, single;
  Estimate extra_loss;  // the policy's loss less the single model's
};

struct PerturbationStudy {
  std::string kind;    // of the policy
  std::string versus;  // the single model
  Criterion criterion = Criterion::kTop1;
  std::size_t inputs = 0;                   // that took part
  std::size_t n_seen = 0;                   // left out, as the policy was trained on them
  std::size_t n_failed = 0;                 // could not be read
  std::vector<PerturbationEffect> effects;  // as in the options
};

// Runs `policy` and the single model on every image of `data` that the policy is not known to have been
// trained on. Throws kPolicy where the policy or the single model does not fit the runtime's zoo; kUsage for
// options out of range, a cap on time, and an unknown `versus`; kData where no image is left; kInterrupted.
[[nodiscard]] PerturbationStudy study_perturbations(const std::shared_ptr<const Policy>& policy,
                                                    const std::shared_ptr<Runtime>& runtime,
                                                    const Dataset& data, const PerturbOptions& options);

}  // namespace triage
