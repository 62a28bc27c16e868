// A profile in memory: n inputs x m models, what each model said and what it cost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "triage/tools/features.h"
#include "triage/tools/label_mapping.h"
#include "triage/types.h"

namespace triage {

struct TableModel : ModelId {
  std::string recipe;  // recipe_key(): models with equal keys share one preprocessing an input
  // One network may be listed several times, run in other ways: equal fingerprints, other names.
  std::string device{};  // as the engine names it; empty for foreign tables
  int threads = 0;       // 0 for foreign tables
};

// How often a cell was timed. Cells are the features of an input, a recipe on it, and a model on it.
enum class TimingMode {
  kCheap,      // once; models after a run that is not timed
  kExhaustive  // until the mean is known well enough, as in the paper
};
[[nodiscard]] std::string_view to_string(TimingMode mode);
struct Timing {
  TimingMode mode = TimingMode::kCheap;
  double bound = 0;  // exhaustive: half-width of the mean's 95 % interval, as a share of the mean
  int min_runs = 1;
  int max_runs = 1;
  std::size_t cells = 0;   // on the table's inputs
  std::size_t capped = 0;  // of those: stopped at max_runs with the bound not reached
};

// Mean joules a run, idle power deducted. Empty arrays, and NaN, where it was not measured.
struct TableEnergy {
  std::vector<double> infer_j;       // (m)
  std::vector<double> selector_j;    // (s) inference
  std::vector<double> preprocess_j;  // (r)
  std::vector<double> node_j;        // (g) NaN for nodes that no feature of the schema needs
  double idle_w = kNotMeasured;
  std::string note = "not measured: the table does not say";  // "measured: <meter>", or why not
};

// A network that chooses among the models and never answers (manifest role `selector`).
struct TableSelector : ModelId {
  std::string recipe;  // recipe_key()
  std::vector<std::string>
      chooses;  // (c) the model that each of its classes stands for; empty: none is right
  // The fold whose training part it was trained on; fold_of is empty where it was trained on everything.
  std::string fold_of;  // name of the same selector trained on everything
  int fold_index = 0;
  int fold_count = 0;
  std::uint64_t fold_seed = 0;
  std::string fold_inputs;  // inputs_hash() of that training part
};

// Row-major arrays; `n` inputs, `m` models, `d` features, `r` recipes, `g` feature nodes or groups, `s`
// selectors. Only inputs on which every network succeeded are rows; `n_failed` counts the others. A table
// that somebody brought has scores, and may have neither ranks nor outputs; a model that was not run on an
// input has the score and the cost NaN there.
struct Table {
  std::vector<TableModel> models;  // (m)
  std::vector<std::string> ids;    // (n)
  std::vector<Label> labels;       // (n)
  // (n) of the decoded pictures, sizes included, to recognise an input under another id; empty where any of
  // the inputs has none.
  std::vector<std::uint64_t> picture_hashes;
  // Where the inputs are from, by name, and of each input (n) which; both empty where it is not told. See
  // load_table.
  std::vector<std::string> sources;
  std::vector<std::int32_t> source_of;
  // (n) Inputs that belong together, such as a picture and its perturbed copies, have the same group: no
  // split parts them. An empty name is that of the input's own id; empty where every input stands alone.
  std::vector<std::string> groups;
  // The model whose answers the labels are, so that scores are agreement with it; empty: they came with the
  // inputs. See label_by_model.
  std::string labels_from;
  // (n) 1 where the label was drawn from what the models say (draw_labels); empty: nowhere.
  std::vector<std::uint8_t> has_drawn_label;
  std::int32_t n_classes = 0;
  std::vector<std::string> label_names;  // (n_classes) or empty
  LabelMapping label_mapping;  // how the data set's labels became classes; empty where it is not told
  std::size_t n_failed = 0;

  Terms terms;                // what scores and costs are
  std::vector<float> scores;  // (n, m) 0..1, NaN where not run; empty: they follow from the ranks
  // (n, m) What a model says of its own score on an input, such as a judge's opinion; NaN where nothing;
  // empty: the confidence of its output.
  std::vector<float> signals;
  std::vector<std::int32_t> given_folds;  // (n) 0 .. k-1, as they came with the inputs; empty: they did not
  std::vector<std::int32_t> ranks;        // (n, m) 1-based rank of the label, 0 where unknown; or empty
  std::vector<TopK> outputs;              // (n, m); or empty
  std::vector<float> infer_ms;            // (n, m)
  std::vector<std::int32_t> recipe_of;    // (m) index into the recipe axis
  std::vector<float> preprocess_ms;       // (n, r)
  std::vector<TableSelector> selectors;   // (s)
  std::vector<TopK> selector_outputs;     // (n, s)
  std::vector<float> selector_ms;         // (n, s) inference
  std::vector<std::int32_t> selector_recipe_of;  // (s) index into the recipe axis
  FeatureSchema schema;
  std::vector<float> features;  // (n, d)
  // (n) What learners make features of, an empty one for an input without; and what that column is called.
  std::vector<std::string> texts;  // or empty
  std::string text_name;
  // (n, g) of feature_nodes(), or of the schema's groups where it has any.
  std::vector<float> node_ms;
  std::vector<float> decode_ms;  // (n)
  std::string machine;           // one line: CPU, cores, system
  Timing timing;
  std::string times_note;  // where times come from when not from these inputs on this machine; else empty
  TableEnergy energy;

  [[nodiscard]] std::size_t n_inputs() const { return ids.size(); }
  [[nodiscard]] std::size_t n_models() const { return models.size(); }
  [[nodiscard]] std::size_t n_recipes() const { return ids.empty() ? 0 : preprocess_ms.size() / ids.size(); }
  [[nodiscard]] std::size_t at(std::size_t input, ModelIndex model) const {
    return input * models.size() + static_cast<std::size_t>(model);
  }
  // NaN where the model was not run.
  [[nodiscard]] double score(std::size_t input, ModelIndex model, Criterion criterion) const {
    return scores.empty() ? score_of_rank(ranks[at(input, model)], criterion)
                          : static_cast<double>(scores[at(input, model)]);
  }
  // Empty where there is none.
  [[nodiscard]] const TopK& output(std::size_t input, ModelIndex model) const;
  // Of a model in its answer: its signal, or its output's best probability; NaN where there is none.
  [[nodiscard]] double confidence(std::size_t input, ModelIndex model) const {
    return signals.empty() ? output(input, model).confidence()
                           : static_cast<double>(signals[at(input, model)]);
  }
  // Whether every model was run on this input.
  [[nodiscard]] bool is_complete(std::size_t input) const;
  [[nodiscard]] double preprocess(std::size_t input, ModelIndex model) const {
    return preprocess_ms[input * n_recipes() +
                         static_cast<std::size_t>(recipe_of[static_cast<std::size_t>(model)])];
  }
  // Preprocessing and inference of one model alone on one input; in Terms::cost_unit.
  [[nodiscard]] double cost_ms(std::size_t input, ModelIndex model) const {
    return preprocess(input, model) + static_cast<double>(infer_ms[at(input, model)]);
  }
  // Mean joules of one model alone, preprocessing included; NaN where not measured.
  [[nodiscard]] double cost_j(ModelIndex model) const {
    const auto m = static_cast<std::size_t>(model);
    if (energy.infer_j.empty() || energy.preprocess_j.empty()) return kNotMeasured;
    return energy.infer_j[m] + energy.preprocess_j[static_cast<std::size_t>(recipe_of[m])];
  }
  // Features that are not of images, or a text to make them of.
  [[nodiscard]] bool has_own_features() const { return !schema.groups.empty() || !texts.empty(); }
  [[nodiscard]] std::span<const float> feature_row(std::size_t input) const {
    return {features.data() + input * schema.size(), schema.size()};
  }
  // An input that stands alone is a group of its own, by its id.
  [[nodiscard]] const std::string& group_of(std::size_t input) const {
    return groups.empty() || groups[input].empty() ? ids[input] : groups[input];
  }
  // Position by name, or kNoModel.
  [[nodiscard]] ModelIndex find(std::string_view name) const;
  // Position in `selectors`, or kNoModel.
  [[nodiscard]] ModelIndex find_selector(std::string_view name) const;
  // Preprocessing and inference of one selector alone on one input.
  [[nodiscard]] double selector_cost_ms(std::size_t input, ModelIndex selector) const;
  // Mean joules of one selector alone, preprocessing included; NaN where not measured.
  [[nodiscard]] double selector_cost_j(ModelIndex selector) const;
};

// Models that are right (top-1) no more often than whoever always says the commonest label, as far as the
// inputs can tell (exact binomial test, 1 %): their labels or recipes are probably wrong. None below 20
// inputs, and where labels are a model's answers.
struct AtChance {
  double chance = 0;  // share of the commonest label, or 1 / classes where that is more
  std::vector<ModelIndex> models;
};
[[nodiscard]] AtChance models_at_chance(const Table& table);

// Throws kProfile when the arrays' sizes or values do not fit together, naming the array. Every consumer may
// rely on it.
void check_table(const Table& table);

// Takes the answers of `model` for labels, whatever labels there were: scores become agreement with it, and
// its own are 1 by construction. A perturbed copy takes the answer for the input that its group is named
// after, where the table has that. Ranks follow from the outputs; one that does not list the label gets the
// rank after all that it lists, 17 where there are more classes. Selectors and models without outputs keep
// their unknown ranks. Throws kUsage for a name that the table does not have, kProfile where the table lacks
// an output of that model.
void label_by_model(Table& table, std::string_view model);
// Where labels are from, in a phrase for reports and policies: "from large: agreement, not accuracy". Empty
// when they came with the inputs.
[[nodiscard]] std::string describe_labels(std::string_view labels_from);

}  // namespace triage
