#include "learn/forest/leaf_table.h"

#include <algorithm>
#include <bit>

#include "base/hash.h"

namespace triage {

std::uint32_t LeafTable::row_of(std::span<const float> leaf) {
  const std::size_t stride = leaf_stride(leaf.size());
  std::uint64_t hash = 0;
  for (const float value : leaf) hash = mix64(hash ^ std::bit_cast<std::uint32_t>(value));
  const auto [first, last] = rows_.equal_range(hash);
  for (auto found = first; found != last; ++found) {
    if (std::equal(leaf.begin(), leaf.end(), &trees_.values[found->second * stride])) return found->second;
  }
  const auto row = static_cast<std::uint32_t>(trees_.values.size() / stride);
  trees_.values.insert(trees_.values.end(), leaf.begin(), leaf.end());
  trees_.values.resize((row + std::size_t{1}) * stride, 0.0F);
  rows_.emplace(hash, row);
  return row;
}

}  // namespace triage
