// Ticks of axes that count in the table's words.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/phrases.h"
#include "report/svg.h"

namespace triage {
namespace {

// As many decimals as tell neighbouring ticks apart.
int decimals_of(const std::vector<double>& ticks) {
  if (ticks.size() < 2) return 1;
  const double step = std::abs(ticks[1] - ticks[0]);
  return std::clamp(-static_cast<int>(std::floor(std::log10(step) + 1e-9)), 0, 9);
}

// Round ones of an axis of which `zero` and `one` are what the shares 0 and 1 read as.
std::vector<WordedTick> ticks_between(double zero, double one, double from, double to, int wanted) {
  const double a = zero + (one - zero) * from, b = zero + (one - zero) * to;
  const std::vector<double> values = linear_ticks(std::min(a, b), std::max(a, b), wanted);
  std::vector<WordedTick> out;
  for (const double value : values) {
    out.push_back(
        {(value - zero) / (one - zero), parted(fmt::format("{:.{}f}", value, decimals_of(values)))});
  }
  return out;
}

}  // namespace

std::vector<WordedTick> score_ticks(const ScoreWords& words, double from, double to, int wanted, int digits) {
  if (!words.in_percent()) {
    return ticks_between(words.terms().worst, words.terms().best, from, to, wanted);
  }
  std::vector<WordedTick> out;
  for (const double tick : linear_ticks(from, to, wanted)) out.push_back({tick, percent(tick, digits)});
  return out;
}

std::vector<WordedTick> gain_ticks(const ScoreWords& words, double from, double to, int wanted, int digits) {
  std::vector<WordedTick> out;
  if (words.in_percent()) {
    for (const double tick : linear_ticks(from, to, wanted)) out.push_back({tick, points(tick, digits)});
  } else {
    out = ticks_between(0, words.terms().best - words.terms().worst, from, to, wanted);
    for (WordedTick& tick : out) {
      if (tick.text.front() != '-') tick.text.insert(0, 1, '+');
    }
  }
  for (WordedTick& tick : out) {
    if (std::abs(tick.at) < 1e-9) tick.text.assign(1, '0');
  }
  return out;
}

}  // namespace triage
