// The options that say what is wanted for every input.
#include <cmath>

#include "cli/cli.h"

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

}  // namespace

void add_request_options(CLI::App& command, Request& request, std::optional<double>& mean_latency_ms) {
  command
      .add_option("--max-latency-ms", request.max_latency_ms,
                  "Hard cap, decoding included: no model is started that may overrun it")
      ->type_name("MS");
  command.add_option("--max-energy-j", request.max_energy_j, "The same for energy, by mean joules")
      ->type_name("J");
  command
      .add_option("--min-confidence", request.min_confidence,
                  "Run another model below it, 0 to 1, while the policy has one left")
      ->type_name("P");
  auto* price =
      command
          .add_option("--price", request.price,
                      "adaptive: score that a millisecond (or joule) is worth, instead of the policy's own")
          ->check(finite_not_negative())
          ->type_name("PRICE");
  command
      .add_option("--mean-latency-ms", mean_latency_ms,
                  "adaptive: mean time of all inputs, without decoding, met by feedback on the price")
      ->check(finite_not_negative())
      ->excludes(price)
      ->type_name("MS");
}

void warn_of_caps(const Policy& policy, const Request& request) {
  const PolicyModel *fastest = nullptr, *frugal = nullptr;
  const auto& models = policy.info().models;
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (!policy.can_answer(static_cast<ModelIndex>(i))) continue;
    if (fastest == nullptr || models[i].p999_ms < fastest->p999_ms) fastest = &models[i];
    if (frugal == nullptr || models[i].mean_j < frugal->mean_j) frugal = &models[i];
  }
  if (fastest != nullptr && fastest->p999_ms > request.max_latency_ms) {
    warn(fmt::format(
        "--max-latency-ms: {:.4g}, every input is refused; at least {:.4g}, plus the time of decoding and "
        "deciding, is needed: 999 of 1,000 runs of {}, the policy's fastest model, take no longer",
        request.max_latency_ms, fastest->p999_ms, printable(fastest->name)));
  }
  if (frugal != nullptr && frugal->mean_j > request.max_energy_j) {
    warn(fmt::format(
        "--max-energy-j: {:.4g}, every input is refused; at least {:.4g} is needed, the mean of {}, "
        "the policy's most frugal model",
        request.max_energy_j, frugal->mean_j, printable(frugal->name)));
  }
}

}  // namespace triage::cli
