// Sums of milliseconds and joules as text.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "triage/error.h"
#include "triage/types.h"

namespace triage {
namespace {

// Reads "ms + 40 j", term by term.
class CostReader {
 public:
  explicit CostReader(std::string_view text) : text_(text), left_(text) {}

  CostWeights read() {
    CostWeights weights{0, 0};
    std::array<bool, 2> seen{};
    do {
      const double weight = read_weight();
      const bool joules = read_unit();
      if (seen[joules ? 1 : 0]) fail("each of ms and j at most once");
      seen[joules ? 1 : 0] = true;
      (joules ? weights.per_j : weights.per_ms) = weight;
    } while (take("+"));
    if (!left_.empty()) fail(fmt::format("'+' or the end at '{}'", left_));
    if (weights == CostWeights{0, 0}) fail("a weight above 0");
    return weights;
  }

 private:
  [[noreturn]] void fail(std::string_view expected) const {
    throw Error(ErrorCode::kUsage, fmt::format("cost: '{}', expected {}", text_, expected));
  }
  void skip_blanks() { left_.remove_prefix(std::min(left_.find_first_not_of(" \t"), left_.size())); }
  bool take(std::string_view word) {
    skip_blanks();
    if (!left_.starts_with(word)) return false;
    left_.remove_prefix(word.size());
    skip_blanks();
    return true;
  }
  // 1 where there is none.
  double read_weight() {
    skip_blanks();
    if (left_.empty() || (std::isdigit(static_cast<unsigned char>(left_[0])) == 0 &&
                          std::string_view("+-.").find(left_[0]) == std::string_view::npos)) {
      return 1;
    }
    double weight = 0;
    const auto [end, error] = std::from_chars(left_.data(), left_.data() + left_.size(), weight);
    if (error != std::errc() || !std::isfinite(weight) || std::signbit(weight)) {
      fail(fmt::format("finite weights of 0 or more at '{}'", left_));
    }
    left_.remove_prefix(static_cast<std::size_t>(end - left_.data()));
    return weight;
  }
  // Whether it is joules.
  bool read_unit() {
    if (take("ms")) return false;
    if (take("j") || take("J")) return true;
    if (left_ == text_) fail("time, energy, or a sum such as 'ms + 40 j'");
    fail(fmt::format("ms or j at '{}'", left_));
  }

  std::string_view text_;
  std::string_view left_;
};

}  // namespace

CostWeights parse_cost(std::string_view text) {
  if (text == "time") return kTimeCost;
  if (text == "energy") return kEnergyCost;
  return CostReader(text).read();
}

std::string unit_name(const CostWeights& weights) {
  if (weights == kEnergyCost) return "J";
  std::string sum;
  const auto add = [&](double weight, std::string_view unit) {
    if (weight == 0) return;
    if (!sum.empty()) sum += " + ";
    sum += weight == 1 ? std::string(unit) : fmt::format("{} {}", weight, unit);
  };
  add(weights.per_ms, "ms");
  add(weights.per_j, "j");
  return sum;
}

std::string to_string(const CostWeights& weights) {
  if (weights == kTimeCost) return "time";
  return weights == kEnergyCost ? "energy" : unit_name(weights);
}

}  // namespace triage
