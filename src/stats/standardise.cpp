#include "stats/standardise.h"

#include <numeric>

#include "base/check.h"
#include "stats/mean.h"

namespace triage {

std::vector<double> unit_deviations(std::vector<double> values) {
  const double centre = mean(values);
  for (double& value : values) value -= centre;
  const double length = std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0));
  TRIAGE_CHECK(length > 0);
  for (double& value : values) value /= length;
  return values;
}

}  // namespace triage
