// Questions to some rows of a table: means, the optimum model, the single best one; folds; parts of a table.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "triage/tools/table.h"

namespace triage {

// Rows of a table: what training and evaluation are given.
using Rows = std::span<const std::uint32_t>;
// All of them, 0 .. n-1.
[[nodiscard]] std::vector<std::uint32_t> all_rows(const Table& table);

// Those on which every model was run.
[[nodiscard]] std::vector<std::uint32_t> complete_rows(const Table& table);

// Mean cost_ms per model over the rows, shape (m). NaN for no rows.
[[nodiscard]] std::vector<double> mean_costs(const Table& table, Rows rows);
// Table::cost_j of every model, shape (m). Of the table's sample, not of rows: energy is measured in blocks,
// not an input at a time.
[[nodiscard]] std::vector<double> mean_energy(const Table& table);
// Mean cost per model over the rows, shape (m). Throws kUsage where energy counts and was not measured.
[[nodiscard]] std::vector<double> model_costs(const Table& table, Rows rows, const CostWeights& weights);
// Mean score per model over the rows, shape (m). NaN for no rows.
[[nodiscard]] std::vector<double> mean_scores(const Table& table, Rows rows, Criterion criterion);

// The optimum among `candidates` on one input: of the highest score, and cheapest by `costs`, shape (m)
// (ties: the lower index); kNoModel when none scores above 0, as where none is right (paper, footnote 2).
[[nodiscard]] ModelIndex optimum(const Table& table, std::size_t input,
                                 std::span<const ModelIndex> candidates, std::span<const double> costs,
                                 Criterion criterion);
// The best mean score (ties: cheaper, then the lower index). SBS when over a training fold.
[[nodiscard]] ModelIndex single_best(std::span<const double> scores, std::span<const double> costs);
// Whether every model has an output on every one of the rows, which combining looks needs.
[[nodiscard]] bool has_all_outputs(const Table& table, Rows rows);
// Every model, 0 .. m-1, without selectors.
[[nodiscard]] std::vector<ModelIndex> all_models(const Table& table);

// Fold of each input for k-fold cross-validation, shape (n), values 0 .. k-1: inputs are ordered by a hash of
// (seed, id) and dealt out, each with its whole group to the fold that has the fewest, so that the folds
// depend on neither row order nor platform. Their sizes differ by at most the largest group. Throws kUsage
// for k < 2 or more folds than groups.
[[nodiscard]] std::vector<std::int32_t> make_folds(const Table& table, int k, std::uint64_t seed);
// The same among `rows` alone, shape (rows.size()).
[[nodiscard]] std::vector<std::int32_t> make_folds(const Table& table, Rows rows, int k, std::uint64_t seed);

// Gives an input this label; ranks follow from the outputs, as with label_by_model.
void set_label(Table& table, std::size_t input, Label label);

// Table::given_folds, shape (n). Throws kUsage where the table has none, and for fewer than two.
[[nodiscard]] std::vector<std::int32_t> official_folds(const Table& table);

// Each source a fold, shape (n): Table::source_of. Throws kUsage for fewer than two sources with inputs, and
// where each has inputs of a single class, since its folders are then the classes; for a group in two
// sources.
[[nodiscard]] std::vector<std::int32_t> folds_by_source(const Table& table);

// About this share of the inputs, in their order: each group is drawn or not by a hash of (seed, its name),
// whatever profile it comes from. 1: all.
[[nodiscard]] std::vector<std::uint32_t> draw_rows(const Table& table, double share, std::uint64_t seed);

// The rows that are perturbed copies of `originals`: of a group that is named after one of them.
[[nodiscard]] std::vector<std::uint32_t> copies_of(const Table& table, Rows originals);

// A fingerprint of a set of inputs by their ids, whatever their order: 16 hex digits. Policies record it of
// their training inputs (TrainingFacts::inputs_hash), so that judging them on these warns.
[[nodiscard]] std::string inputs_hash(const Table& table, Rows rows);

// The table with these models alone, in this order. Throws kUsage for none, or for a model that does not
// exist.
[[nodiscard]] Table select_table_models(const Table& table, std::span<const ModelIndex> models);
// The table with these inputs alone, in this order. Throws kUsage for none, or for a row that does not exist.
[[nodiscard]] Table select_table_inputs(const Table& table, Rows rows);
// Rows of the inputs with these ids. Throws kUsage, naming `owner`, for one that the table lacks.
[[nodiscard]] std::vector<std::uint32_t> rows_of_inputs(const Table& table, std::span<const std::string> ids,
                                                        std::string_view owner);

}  // namespace triage
