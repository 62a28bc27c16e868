#include "policy/tree_top.h"

#include <cstring>
#include <vector>

#include "base/vector_width.h"

namespace triage {
namespace {

template <class Node>
void fill_top(const Node* tree, TreeTop& top) {
  std::array<std::uint64_t, 2 * kTreeTopEnds> node{};
  for (std::size_t place = 1; place < kTreeTopEnds; ++place) {
    const std::uint64_t self = node[place];
    const Node& found = tree[self];
    top.threshold[place] = found.threshold;
    top.column[place] = found.column;
    node[2 * place] = found.left(self);
    node[2 * place + 1] = found.left(self) + (found.threshold == kLeafThreshold ? 0 : 1);
  }
  for (std::size_t end = 0; end < kTreeTopEnds; ++end)
    top.node[end] = static_cast<std::uint32_t>(node[kTreeTopEnds + end]);
}

#if defined(__x86_64__)
typedef std::uint8_t Bytes32 __attribute__((vector_size(32)));
typedef std::uint8_t Bytes64 __attribute__((vector_size(64)));

// The ends below a place, from the bottom up: of each pair of ends the one that the row's code asks for.
template <class Bytes, std::size_t place>
[[gnu::always_inline]] inline void find_ends(const TreeTop& top, const std::uint8_t* codes, Bytes& ends) {
  Bytes code;
  std::memcpy(&code, codes + top.column[place] * kTreeTopRows, sizeof code);
  const auto right = code > Bytes{} + top.threshold[place];
  if constexpr (2 * place >= kTreeTopEnds) {
    ends = static_cast<std::uint8_t>(2 * place - kTreeTopEnds) -
           __builtin_convertvector(right, Bytes);  // true is -1
  } else {
    Bytes ends_left, ends_right;
    find_ends<Bytes, 2 * place>(top, codes, ends_left);
    find_ends<Bytes, 2 * place + 1>(top, codes, ends_right);
    ends = right ? ends_right : ends_left;
  }
}

template <class Bytes>
[[gnu::always_inline]] inline void pass_top(const TreeTop& top, const std::uint8_t* codes,
                                            std::uint8_t* ends) {
  for (std::size_t i = 0; i < kTreeTopRows; i += sizeof(Bytes)) {
    Bytes found;
    find_ends<Bytes, 1>(top, codes + i, found);
    std::memcpy(ends + i, &found, sizeof found);
  }
}
#endif

std::vector<TreeTopKernel> find_tree_top_kernels() {
  std::vector<TreeTopKernel> kernels;
#if defined(__x86_64__)
  if (has_avx512()) kernels.push_back({"avx512", for_avx512<pass_top<Bytes64>>});
  if (has_avx2()) kernels.push_back({"avx2", for_avx2<pass_top<Bytes32>>});
#endif
  return kernels;
}

}  // namespace

void find_top(const WideNode* tree, TreeTop& top) { fill_top(tree, top); }
void find_top(const NarrowNode* tree, TreeTop& top) { fill_top(tree, top); }

std::span<const TreeTopKernel> tree_top_kernels() {
  static const std::vector<TreeTopKernel> kernels = find_tree_top_kernels();
  return kernels;
}

}  // namespace triage
