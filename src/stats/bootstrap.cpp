#include "stats/bootstrap.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/hash.h"
#include "base/parallel.h"
#include "stats/quantile.h"

namespace triage {
namespace {

constexpr std::size_t kBlock = 8;  // resamples that share one pass over the data

struct Data {
  std::vector<double> rows;  // (n, q)
  std::size_t n = 0;
  std::size_t q = 0;
};

Data interleave(std::span<const std::vector<double>> columns) {
  Data data;
  data.q = columns.size();
  data.n = columns.empty() ? 0 : columns.front().size();
  data.rows.resize(data.n * data.q);
  for (std::size_t c = 0; c < data.q; ++c) {
    TRIAGE_CHECK(columns[c].size() == data.n);
    for (std::size_t i = 0; i < data.n; ++i) data.rows[i * data.q + c] = columns[c][i];
  }
  return data;
}

void draw_counts(std::size_t n, std::uint64_t seed, std::size_t resample,
                 std::vector<std::uint16_t>& counts) {
  counts.assign(n, 0);
  Random random(mix64(seed) ^ mix64(resample + 1));
  for (std::size_t i = 0; i < n; ++i) ++counts[static_cast<std::size_t>(random.below(n))];
}

// Resamples [first, first + count) into `means`.
void run_block(const Data& data, std::uint64_t seed, std::size_t first, std::size_t count,
               std::span<double> means) {
  std::array<std::vector<std::uint16_t>, kBlock> counts;
  for (std::size_t b = 0; b < count; ++b) draw_counts(data.n, seed, first + b, counts[b]);
  std::vector<double> sums(count * data.q, 0.0);
  for (std::size_t i = 0; i < data.n; ++i) {
    const double* row = data.rows.data() + i * data.q;
    for (std::size_t b = 0; b < count; ++b) {
      if (counts[b][i] == 0) continue;
      const double weight = counts[b][i];
      double* sum = sums.data() + b * data.q;
      for (std::size_t c = 0; c < data.q; ++c) sum[c] += weight * row[c];
    }
  }
  for (std::size_t k = 0; k < sums.size(); ++k) {
    means[first * data.q + k] = sums[k] / static_cast<double>(data.n);
  }
}

}  // namespace

std::vector<double> bootstrap_means(std::span<const std::vector<double>> columns, int resamples,
                                    std::uint64_t seed) {
  const Data data = interleave(columns);
  const auto n_resamples = static_cast<std::size_t>(std::max(resamples, 0));
  std::vector<double> means(n_resamples * data.q);
  if (data.n == 0 || means.empty()) return means;
  for_each_parallel((n_resamples + kBlock - 1) / kBlock, [&](std::size_t block) {
    const std::size_t first = block * kBlock;
    run_block(data, seed, first, std::min(kBlock, n_resamples - first), means);
  });
  return means;
}

Interval bootstrap_interval(std::span<const double> means, std::size_t n_columns,
                            const std::function<double(std::span<const double>)>& statistic, double error) {
  std::vector<double> values;
  for (std::size_t at = 0; at + n_columns <= means.size(); at += n_columns) {
    values.push_back(statistic(means.subspan(at, n_columns)));
  }
  return {interpolated_quantile(values, error / 2), interpolated_quantile(values, 1 - error / 2)};
}

}  // namespace triage
