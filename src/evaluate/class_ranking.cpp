#include "evaluate/class_ranking.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace triage {
namespace {

template <class Key>
std::vector<std::size_t> ranked(const Breakdown& breakdown, const Key& key) {
  std::vector<std::size_t> order(breakdown.classes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  return order;
}

}  // namespace

long long net_gain(const Breakdown& breakdown, std::size_t cls) {
  const InputGroup& group = breakdown.classes[cls];
  const double difference = group.methods[breakdown.subject].score - group.methods[0].score;
  return std::llround(difference * static_cast<double>(group.inputs));
}

std::vector<std::size_t> worst_classes(const Breakdown& breakdown) {
  return ranked(breakdown, [&](std::size_t cls) {
    return std::pair(net_gain(breakdown, cls), breakdown.classes[cls].inputs);
  });
}

std::vector<std::size_t> dearest_classes(const Breakdown& breakdown) {
  return ranked(breakdown, [&](std::size_t cls) {
    const InputGroup& group = breakdown.classes[cls];
    return std::pair(-group.methods[breakdown.subject].ms, -static_cast<double>(group.inputs));
  });
}

}  // namespace triage
