// The search for a network's recipe: successive halving over images. Every round runs the recipes that are
// left on more images than the round before; crops come in at the second, since they change little, ways of
// resizing at the end.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "adopt/candidates.h"
#include "adopt/image_sample.h"
#include "adopt/trial_record.h"
#include "triage/tools/adopt.h"

namespace triage {

class RecipeSearch {
 public:
  using OnRun = std::function<void(std::size_t, std::size_t)>;
  // `spec` has the network's files and name. What is referred to has to outlive the search.
  RecipeSearch(ModelSpec spec, std::vector<ClassHead> heads, const Sample& sample,
               const AdoptOptions& options, const OnRun& on_run);

  // Loads the network once for each shape and head; mean, scale, colour and crop do not change what
  // the network takes.
  void load(const Zoo& zoo, Engine& engine, const std::vector<Recipe>& shapes);
  // Throws kModel where no recipe ever gives a finite output.
  void run();

  // All that were tried, the best first.
  [[nodiscard]] std::vector<RecipeTrial> trials() const;
  // How the best one's output is to be read.
  [[nodiscard]] OutputSpec best_output() const;
  [[nodiscard]] std::size_t n_tried() const;

 private:
  struct Candidate {
    Recipe recipe;
    Network* network = nullptr;
    std::size_t head = 0;
    std::size_t place = 0;  // in the order in which they came
    TrialRecord record;
    std::vector<float> matched = {};  // log likelihoods, all recipes equally sure on the mean
    bool is_tied = false;             // with the best, in its last round
  };
  void add(const Recipe& recipe, Network* network, std::size_t head);
  void add_crops();
  void try_resamplings(std::size_t n);
  void prefer_usual_resampling();
  void mark_ties();
  void advance(std::size_t n);
  void keep(std::size_t n);
  void rank();
  void check_finite() const;
  [[nodiscard]] RecipeTrial trial(const Candidate& candidate) const;

  ModelSpec spec_;
  std::vector<ClassHead> heads_;
  std::vector<ValueRange> ranges_;  // by head
  const Sample* sample_;
  const AdoptOptions* options_;
  const OnRun* on_run_;
  std::vector<std::unique_ptr<Network>> networks_;
  std::vector<Candidate> candidates_;
  std::vector<Candidate> dropped_;
  std::vector<std::byte> tensor_;
  std::size_t n_added_ = 0;
  std::size_t done_ = 0;
  std::size_t planned_ = 0;
};

}  // namespace triage
