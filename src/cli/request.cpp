// The options that say what is wanted for every input.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "cli/cli.h"
#include "triage/error.h"

namespace triage::cli {
namespace {

// CLI11's own ranges let NaN pass.
CLI::Validator finite_not_negative() {
  return CLI::Validator(
      [](std::string& text) {
        double value = 0;
        const bool good = CLI::detail::lexical_cast(text, value) && value >= 0 && !std::isinf(value);
        return good ? std::string() : "'" + text + "', expected a finite number of 0 or more";
      },
      "");
}

// One of what policies keep of their models' times.
CLI::Validator known_quantile() {
  return CLI::Validator(
      [](std::string& text) {
        double value = 0;
        const bool good =
            CLI::detail::lexical_cast(text, value) &&
            std::find(kTimeQuantiles.begin(), kTimeQuantiles.end(), value) != kTimeQuantiles.end();
        return good ? std::string()
                    : fmt::format("'{}', expected one of {}", text, fmt::join(kTimeQuantiles, ", "));
      },
      "");
}

}  // namespace

void add_request_options(CLI::App& command, Request& request, std::optional<double>& mean_latency_ms) {
  command
      .add_option("--max-latency-ms", request.max_latency_ms,
                  "Hard cap, decoding included: no model is started that may overrun it")
      ->type_name("MS");
  command
      .add_option("--cap-quantile", request.cap_quantile,
                  "Share of a model's runs that have to fit into the cap: 0.5, 0.9, 0.99 or 0.999")
      ->check(known_quantile())
      ->capture_default_str()
      ->type_name("Q");
  command.add_option("--max-energy-j", request.max_energy_j, "The same for energy, by mean joules")
      ->type_name("J");
  command
      .add_option("--min-confidence", request.min_confidence,
                  "Run another model below it, 0 to 1, while the policy has one left")
      ->type_name("P");
  auto* price = command
                    .add_option("--price", request.price,
                                "adaptive: score that a unit of cost is worth, instead of the policy's own")
                    ->check(finite_not_negative())
                    ->type_name("PRICE");
  command
      .add_option("--mean-latency-ms", mean_latency_ms,
                  "adaptive: mean time of all inputs, without decoding, met by feedback on the price")
      ->check(finite_not_negative())
      ->excludes(price)
      ->type_name("MS");
}

namespace {

// "999 of 1,000".
std::string share_of_runs(double quantile) {
  return quantile == 0.999  ? "999 of 1,000"
         : quantile == 0.99 ? "99 of 100"
         : quantile == 0.9  ? "9 of 10"
                            : "half";
}

// A model that mostly fits into the cap, kept out by its slowest runs.
void warn_of_slow_runs(const Policy& policy, const Request& request) {
  for (const PolicyModel& model : policy.info().models) {
    const double ms = model.time_quantile_ms(request.cap_quantile);
    if (!(model.mean_ms <= request.max_latency_ms && ms > request.max_latency_ms)) continue;
    warn(fmt::format(
        "--max-latency-ms: {:.4g}, keeps out {}, which takes {:.4g} on average: only {} runs take no "
        "more than {:.4g}; allow that, or reckon with another share of its runs by --cap-quantile",
        request.max_latency_ms, printable(model.name), model.mean_ms, share_of_runs(request.cap_quantile),
        ms));
  }
}

}  // namespace

void warn_of_caps(const Policy& policy, const Request& request) {
  const PolicyModel *fastest = nullptr, *frugal = nullptr;
  const auto& models = policy.info().models;
  const auto slowest_ms = [&](const PolicyModel& model) {
    return model.time_quantile_ms(request.cap_quantile);
  };
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (!policy.can_answer(static_cast<ModelIndex>(i))) continue;
    if (fastest == nullptr || slowest_ms(models[i]) < slowest_ms(*fastest)) fastest = &models[i];
    if (frugal == nullptr || models[i].mean_j < frugal->mean_j) frugal = &models[i];
  }
  if (fastest != nullptr && slowest_ms(*fastest) > request.max_latency_ms) {
    warn(fmt::format(
        "--max-latency-ms: {:.4g}, every input is refused; at least {:.4g}, and what decoding and "
        "deciding take, would do: {} runs of {}, the policy's fastest model, take no longer",
        request.max_latency_ms, slowest_ms(*fastest), share_of_runs(request.cap_quantile),
        printable(fastest->name)));
  } else {
    warn_of_slow_runs(policy, request);
  }
  if (frugal != nullptr && frugal->mean_j > request.max_energy_j) {
    warn(fmt::format(
        "--max-energy-j: {:.4g}, every input is refused; at least {:.4g} is needed, the mean of {}, "
        "the policy's most frugal model",
        request.max_energy_j, frugal->mean_j, printable(frugal->name)));
  }
}

std::filesystem::path zoo_of_policy(const std::string& policy, const std::string& zoo,
                                    std::string_view command) {
  if (!zoo.empty()) return zoo;
  const std::filesystem::path beside = std::filesystem::path(policy).parent_path() / "zoo.json";
  std::error_code ignored;
  if (std::filesystem::exists(beside, ignored)) return beside;
  throw Error(ErrorCode::kUsage,
              fmt::format("{}: no --zoo and no {}, expected a zoo manifest; add --zoo ZOO.json", command,
                          beside.string()));
}

}  // namespace triage::cli
