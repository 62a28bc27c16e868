// The short way in: load a policy and a zoo, classify images.
//
//   auto classifier = triage::Classifier::load("out/demo/adaptive.triage", "zoo/fashion/zoo.json");
//   auto result = classifier.classify(triage::read_image("shoe.png"));
//   std::cout << classifier.label_name(result.outcome.answer.best());
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "triage/clock.h"
#include "triage/image.h"
#include "triage/policy.h"
#include "triage/runtime.h"
#include "triage/zoo.h"

namespace triage {

struct ClassifierOptions {
  // Compiled models are kept here; empty turns the cache off.
  std::filesystem::path cache_dir = default_cache_dir();
  std::shared_ptr<Clock> clock = nullptr;  // none: steady_clock()
};

struct Classification {
  Outcome outcome;
  double preprocess_ms = 0;
  double infer_ms = 0;
  double decode_ms = 0;  // of classify_file
  // Selection, preprocessing and inference, without decoding.
  double total_ms = 0;
};

// Const methods are safe concurrently: each call borrows its own networks.
class Classifier {
 public:
  // Checks that every model of the policy is in the zoo, with the same fingerprint. Throws kIo, kPolicy,
  // kManifest. Models are loaded on first use; `warm_up` loads them all.
  [[nodiscard]] static Classifier load(const std::filesystem::path& policy, const std::filesystem::path& zoo,
                                       const ClassifierOptions& options = {});
  // The same for a policy that is at hand, such as one of your own. Throws kPolicy.
  [[nodiscard]] static Classifier make(std::unique_ptr<Policy> policy, Zoo zoo,
                                       const ClassifierOptions& options = {});
  Classifier(Classifier&&) noexcept;
  ~Classifier();

  // The request's clock starts here; Request::spent_ms is for what came before. Loading a model on its first
  // use counts against a latency cap: call warm_up() before. Throws kModel, kEngine, and kUsage for a request
  // that the policy cannot meet.
  [[nodiscard]] Classification classify(const Image& image, const Request& request = {},
                                        Trace* trace = nullptr) const;
  // The same from an image file, whose decoding counts against the latency cap. Throws what read_image does
  // too.
  [[nodiscard]] Classification classify_file(const std::filesystem::path& path, Request request = {},
                                             Trace* trace = nullptr) const;
  void warm_up() const;

  [[nodiscard]] const Policy& policy() const;
  [[nodiscard]] const Zoo& zoo() const;
  // The class's name, or its number when the zoo has no labels file; "none" for kNoLabel.
  [[nodiscard]] std::string label_name(Label label) const;

 private:
  struct State;
  explicit Classifier(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace triage
