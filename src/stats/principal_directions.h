// The directions in which the rows of a sparse matrix have the most squares: its first right singular
// vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace triage {

struct SparseRows {
  std::size_t width = 0;              // w columns
  std::vector<std::size_t> begin{0};  // (n + 1) where each row's entries begin
  std::vector<std::uint32_t> column{};
  std::vector<float> value{};

  [[nodiscard]] std::size_t n() const { return begin.size() - 1; }
};

// Shape (w, r), orthonormal, by falling singular value; r > 0. Directions beyond the rank are 0. By a
// randomised range finder with one power iteration (Halko, Martinsson, Tropp 2011): of spectra that fall
// slowly the last ones are approximate. The result depends on the seed, not on the threads (0: one per core).
[[nodiscard]] std::vector<float> principal_directions(const SparseRows& rows, std::size_t r,
                                                      std::uint64_t seed, unsigned threads = 0);

}  // namespace triage
