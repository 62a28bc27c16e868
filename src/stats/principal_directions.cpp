#include "stats/principal_directions.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "base/hash.h"
#include "base/parallel.h"

namespace triage {
namespace {

constexpr std::size_t kOversampling = 8;
constexpr std::size_t kPart = 256;  // rows that a thread takes at once

// Row-major (n, l).
struct DenseRows {
  std::size_t n = 0, l = 0;
  std::vector<float> values;
  DenseRows(std::size_t rows, std::size_t columns) : n(rows), l(columns), values(rows * columns, 0.0F) {}
  float* row(std::size_t i) { return values.data() + i * l; }
  [[nodiscard]] const float* row(std::size_t i) const { return values.data() + i * l; }
};

SparseRows transposed(const SparseRows& rows) {
  SparseRows out{rows.n(), std::vector<std::size_t>(rows.width + 1, 0), {}, {}};
  for (const std::uint32_t column : rows.column) ++out.begin[column + 1];
  std::partial_sum(out.begin.begin(), out.begin.end(), out.begin.begin());
  out.column.resize(rows.column.size());
  out.value.resize(rows.value.size());
  std::vector<std::size_t> next(out.begin.begin(), out.begin.end() - 1);
  for (std::size_t i = 0; i < rows.n(); ++i) {
    for (std::size_t k = rows.begin[i]; k < rows.begin[i + 1]; ++k) {
      const std::size_t at = next[rows.column[k]]++;
      out.column[at] = static_cast<std::uint32_t>(i);
      out.value[at] = rows.value[k];
    }
  }
  return out;
}

// sparse * dense. Each row is one thread's, summed in order, so that threads change nothing.
DenseRows product(const SparseRows& sparse, const DenseRows& dense, unsigned threads) {
  DenseRows out(sparse.n(), dense.l);
  for_each_parallel((sparse.n() + kPart - 1) / kPart, threads, [&] {
    return [&](std::size_t part) {
      for (std::size_t i = part * kPart; i < std::min(sparse.n(), (part + 1) * kPart); ++i) {
        float* sum = out.row(i);
        for (std::size_t k = sparse.begin[i]; k < sparse.begin[i + 1]; ++k) {
          const float value = sparse.value[k];
          const float* row = dense.row(sparse.column[k]);
          for (std::size_t j = 0; j < dense.l; ++j) sum[j] += value * row[j];
        }
      }
    };
  });
  return out;
}

// (l, l) of the columns' products.
std::vector<double> gram(const DenseRows& rows) {
  const std::size_t l = rows.l;
  std::vector<double> out(l * l, 0.0);
  for (std::size_t i = 0; i < rows.n; ++i) {
    const float* row = rows.row(i);
    for (std::size_t a = 0; a < l; ++a) {
      const auto value = static_cast<double>(row[a]);
      for (std::size_t b = 0; b <= a; ++b) out[a * l + b] += value * static_cast<double>(row[b]);
    }
  }
  for (std::size_t a = 0; a < l; ++a) {
    for (std::size_t b = 0; b < a; ++b) out[b * l + a] = out[a * l + b];
  }
  return out;
}

// Makes the columns orthonormal, those that depend on others 0, by Cholesky's decomposition of their
// products.
void orthonormalise_once(DenseRows& rows) {
  constexpr double kDependent = 1e-8;
  const std::size_t l = rows.l;
  std::vector<double> factor = gram(rows), inverse_pivot(l, 0.0);
  for (std::size_t j = 0; j < l; ++j) {
    const double before = factor[j * l + j];
    for (std::size_t i = j; i < l; ++i) {
      double sum = factor[i * l + j];
      for (std::size_t k = 0; k < j; ++k) sum -= factor[i * l + k] * factor[j * l + k];
      if (i == j) inverse_pivot[j] = sum > kDependent * before && sum > 0 ? 1 / std::sqrt(sum) : 0;
      factor[i * l + j] = i == j ? std::sqrt(std::max(sum, 0.0)) : sum * inverse_pivot[j];
    }
  }
  std::vector<double> solved(l);
  for (std::size_t i = 0; i < rows.n; ++i) {
    float* row = rows.row(i);
    for (std::size_t j = 0; j < l; ++j) {
      double sum = static_cast<double>(row[j]);
      for (std::size_t k = 0; k < j; ++k) sum -= solved[k] * factor[j * l + k];
      solved[j] = sum * inverse_pivot[j];
    }
    for (std::size_t j = 0; j < l; ++j) row[j] = static_cast<float>(solved[j]);
  }
}

void orthonormalise(DenseRows& rows) {
  orthonormalise_once(rows);
  orthonormalise_once(rows);  // what rounding left of the first
}

// Eigenvectors, in columns, of a symmetric (l, l) matrix, by Jacobi's rotations; leaves the eigenvalues on
// its diagonal.
std::vector<double> diagonalise(std::vector<double>& a, std::size_t l) {
  std::vector<double> vectors(l * l, 0.0);
  for (std::size_t j = 0; j < l; ++j) vectors[j * l + j] = 1;
  for (int sweep = 0; sweep < 30; ++sweep) {
    double off = 0, on = 0;
    for (std::size_t p = 0; p < l; ++p) {
      on += a[p * l + p] * a[p * l + p];
      for (std::size_t q = 0; q < p; ++q) off += a[p * l + q] * a[p * l + q];
    }
    if (off <= 1e-24 * on) break;
    for (std::size_t p = 0; p < l; ++p) {
      for (std::size_t q = p + 1; q < l; ++q) {
        if (a[p * l + q] == 0) continue;
        const double theta = (a[q * l + q] - a[p * l + p]) / (2 * a[p * l + q]);
        const double t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::hypot(theta, 1));
        const double c = 1 / std::hypot(t, 1), s = t * c;
        for (std::size_t k = 0; k < l; ++k) {
          const double x = a[k * l + p], y = a[k * l + q];
          a[k * l + p] = c * x - s * y;
          a[k * l + q] = s * x + c * y;
        }
        for (std::size_t k = 0; k < l; ++k) {
          const double x = a[p * l + k], y = a[q * l + k];
          a[p * l + k] = c * x - s * y;
          a[q * l + k] = s * x + c * y;
          const double v = vectors[k * l + p], w = vectors[k * l + q];
          vectors[k * l + p] = c * v - s * w;
          vectors[k * l + q] = s * v + c * w;
        }
      }
    }
  }
  return vectors;
}

}  // namespace

std::vector<float> principal_directions(const SparseRows& rows, std::size_t r, std::uint64_t seed,
                                        unsigned threads) {
  TRIAGE_CHECK(r > 0);
  if (threads == 0) threads = default_threads();
  const std::size_t w = rows.width, l = r + kOversampling;
  const SparseRows columns = transposed(rows);
  DenseRows start(w, l);
  Random random(mix64(seed));
  for (float& value : start.values) value = static_cast<float>(2 * random.uniform() - 1);
  DenseRows range = product(rows, start, threads);
  orthonormalise(range);
  DenseRows back = product(columns, range, threads);
  orthonormalise(back);
  range = product(rows, back, threads);
  orthonormalise(range);
  back = product(columns, range, threads);  // of the rows what lies in the range, (w, l)
  std::vector<double> products = gram(back);
  const std::vector<double> vectors = diagonalise(products, l);
  std::vector<std::size_t> order(l);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return products[a * l + a] > products[b * l + b]; });
  const double least = 1e-9 * products[order[0] * l + order[0]];
  std::vector<float> out(w * r, 0.0F);
  for (std::size_t j = 0; j < r; ++j) {
    const std::size_t from = order[j];
    const double square = products[from * l + from];
    if (!(square > least)) break;
    const double scale = 1 / std::sqrt(square);
    for (std::size_t i = 0; i < w; ++i) {
      double sum = 0;
      for (std::size_t k = 0; k < l; ++k) sum += static_cast<double>(back.row(i)[k]) * vectors[k * l + from];
      out[i * r + j] = static_cast<float>(sum * scale);
    }
  }
  return out;
}

}  // namespace triage
