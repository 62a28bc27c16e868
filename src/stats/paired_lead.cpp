#include "stats/paired_lead.h"

#include <cmath>
#include <vector>

#include "stats/mean.h"

namespace triage {

double paired_lead(std::span<const double> first, std::span<const double> second) {
  std::vector<double> differences;
  for (std::size_t i = 0; i < first.size(); ++i) {
    const double difference = second[i] - first[i];
    if (!std::isnan(difference)) differences.push_back(difference);
  }
  if (differences.size() < 2) return 0;
  const double error = standard_deviation(differences) / std::sqrt(static_cast<double>(differences.size()));
  return error > 0 ? mean(differences) / error : 0;
}

}  // namespace triage
