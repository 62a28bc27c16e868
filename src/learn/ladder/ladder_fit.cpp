#include "learn/ladder/ladder_fit.h"

#include <optional>

#include "stats/mean.h"

namespace triage {
namespace {

// Of standardised columns: as if so many rows more said that there is no slope. Ten times more or less
// changes little (docs/policies.md, Ladders).
constexpr double kPenalty = 100;

LinearFunction fit_linear(const std::optional<Ridge>& ridge, std::span<const double> values) {
  return ridge ? ridge->fit(values) : LinearFunction{mean(values)};
}

std::optional<Ridge> make_ridge(std::span<const float> numbers, std::size_t d) {
  return d == 0 ? std::nullopt : std::optional<Ridge>(std::in_place, numbers, d, kPenalty);
}

std::vector<double> column(std::span<const double> values, std::size_t width, std::size_t j) {
  std::vector<double> out;
  for (std::size_t i = j; i < values.size(); i += width) out.push_back(values[i]);
  return out;
}

// All rows after k looks.
struct Rung {
  std::size_t size = 0;         // numbers of evidence
  std::vector<float> evidence;  // (n, size)
  std::vector<double> reward;   // (n) score of the answer
};

Rung begin_rung(const LadderRows& rows, std::size_t k) {
  Rung rung;
  rung.size = ladder_evidence_size(rows.shape, k);
  rung.evidence.assign(rows.n() * rung.size, 0.0F);
  for (std::size_t i = 0; i < rows.n(); ++i) {
    LadderLooks looks = rows.looks[i];
    looks.n = k;
    ladder_evidence(rows.shape, rows.row(i), looks,
                    std::span(rung.evidence).subspan(i * rung.size, ladder_looks_size(rows.shape, k)));
  }
  return rung;
}

// The score of each look, of the evidence that is there at once.
std::vector<LinearFunction> fit_quality(const LadderRows& rows, const Rung& rung, std::size_t k) {
  const std::size_t d = ladder_looks_size(rows.shape, k);
  std::vector<float> numbers;
  for (std::size_t i = 0; i < rows.n(); ++i) {
    const auto first = rung.evidence.begin() + static_cast<std::ptrdiff_t>(i * rung.size);
    numbers.insert(numbers.end(), first, first + static_cast<std::ptrdiff_t>(d));
  }
  const auto ridge = make_ridge(numbers, d);
  std::vector<LinearFunction> quality;
  for (std::size_t j = 0; j < k; ++j) quality.push_back(fit_linear(ridge, column(rows.scores, rows.k, j)));
  return quality;
}

// Adds the rest of the evidence, and whose answer is taken.
void finish_rung(const LadderAnswering& answering, const LadderRows& rows, std::size_t k, Rung& rung) {
  for (std::size_t i = 0; i < rows.n(); ++i) {
    LadderLooks looks = rows.looks[i];
    looks.n = k;
    const auto evidence = std::span(rung.evidence).subspan(i * rung.size, rung.size);
    const std::size_t best = weigh_looks(rows.shape, answering, rows.usual_features, looks, evidence);
    rung.reward.push_back(rows.scores[i * rows.k + best]);
  }
}

std::vector<Rung> make_rungs(const LadderFit& fit, const LadderRows& rows) {
  std::vector<Rung> rungs;
  for (std::size_t k = 1; k <= rows.k; ++k) {
    rungs.push_back(begin_rung(rows, k));
    finish_rung(fit.answering, rows, k, rungs.back());
  }
  return rungs;
}

std::vector<LinearFunction> fit_gains(const LadderRows& rows, std::span<const Rung> rungs,
                                      std::span<const std::optional<Ridge>> ridges, double price) {
  std::vector<LinearFunction> gains(rows.k - 1);
  std::vector<double> value = rungs.back().reward, gain(rows.n());
  for (std::size_t j = rows.k - 1; j-- > 0;) {
    for (std::size_t i = 0; i < rows.n(); ++i) {
      gain[i] = value[i] - price * rows.costs[i * rows.k + j + 1] - rungs[j].reward[i];
    }
    gains[j] = fit_linear(ridges[j], gain);
    for (std::size_t i = 0; i < rows.n(); ++i) {
      const auto evidence = std::span(rungs[j].evidence).subspan(i * rungs[j].size, rungs[j].size);
      const bool goes_on = value_of(gains[j], evidence) > 0;
      value[i] = rungs[j].reward[i] + (goes_on ? gain[i] : 0);
    }
  }
  return gains;
}

}  // namespace

LadderFit fit_ladder(const LadderRows& rows, std::span<const double> prices) {
  LadderFit fit;
  if (rows.shape.answers) {
    const auto ridge = make_ridge(rows.features, rows.shape.n_features);
    for (std::size_t j = 0; j < rows.k; ++j) {
      fit.answering.right.push_back(fit_linear(ridge, column(rows.scores, rows.k, j)));
    }
  }
  std::vector<Rung> rungs;
  std::vector<std::optional<Ridge>> ridges;
  for (std::size_t k = 1; k <= rows.k; ++k) {
    rungs.push_back(begin_rung(rows, k));
    if (!rows.shape.answers) fit.answering.quality.push_back(fit_quality(rows, rungs.back(), k));
    finish_rung(fit.answering, rows, k, rungs.back());
  }
  for (std::size_t j = 0; j + 1 < rows.k; ++j) ridges.push_back(make_ridge(rungs[j].evidence, rungs[j].size));
  for (const double price : prices) fit.gains.push_back(fit_gains(rows, rungs, ridges, price));
  return fit;
}

std::vector<LadderOutcome> apply_ladder(const LadderFit& fit, const LadderRows& rows) {
  const auto rungs = make_rungs(fit, rows);
  std::vector<LadderOutcome> outcomes;
  for (const auto& gains : fit.gains) {
    LadderOutcome& outcome = outcomes.emplace_back();
    for (std::size_t i = 0; i < rows.n(); ++i) {
      double cost = rows.costs[i * rows.k];
      std::size_t j = 0;
      for (; j + 1 < rows.k; ++j) {
        const auto evidence = std::span(rungs[j].evidence).subspan(i * rungs[j].size, rungs[j].size);
        if (value_of(gains[j], evidence) <= 0) break;
        cost += rows.costs[i * rows.k + j + 1];
      }
      outcome.scores.push_back(rungs[j].reward[i]);
      outcome.costs.push_back(cost);
    }
  }
  return outcomes;
}

}  // namespace triage
