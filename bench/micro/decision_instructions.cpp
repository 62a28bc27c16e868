// Decisions to be counted by callgrind (bench/check_instructions): `decision_instructions KIND` makes a
// policy of that kind and then takes kQueries decisions in count_decisions, the only function that is
// counted.
#include <cstdio>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "bench_policies.h"

namespace {

using namespace triage;

using Decide = std::function<Action(std::size_t)>;

Decide premodel_decisions() {
  constexpr std::size_t kDimensions = 7;
  const std::shared_ptr<const Policy> policy =
      make_premodel(bench::info_of(3, kDimensions), bench::knn_premodel(kDimensions));
  return [policy, rows = bench::random_rows(bench::kQueries, kDimensions, 2)](std::size_t i) {
    return policy->next({std::span(rows).subspan(i * kDimensions, kDimensions), {}, {}});
  };
}

// After 1 to `most` looks in turn.
Decide look_decisions(std::shared_ptr<const Policy> policy, std::size_t most, std::size_t n_classes) {
  auto inputs = bench::random_looks(bench::kQueries, most, n_classes);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    inputs[i].resize(1 + i % most);
    for (Look& look : inputs[i]) look.confidence = look.output.confidence();
  }
  return [policy = std::move(policy), inputs = std::move(inputs)](std::size_t i) {
    return policy->next({{}, inputs[i], {}});
  };
}

}  // namespace

extern "C" int count_decisions(const Decide& decide);

// By this name, unmangled, callgrind finds it. Returns a sum of what was decided.
extern "C" [[gnu::noinline]] int count_decisions(const Decide& decide) {
  int sum = 0;
  for (std::size_t i = 0; i < bench::kQueries; ++i) sum += static_cast<int>(decide(i).kind);
  return sum;
}

int main(int argc, char** argv) {
  const std::string_view kind = argc == 2 ? argv[1] : "";
  Decide decide;
  if (kind == "premodel") {
    decide = premodel_decisions();
  } else if (kind == "cascade") {
    decide = look_decisions(bench::two_stage_cascade(), 1, 10);
  } else if (kind == "adaptive") {
    decide = look_decisions(bench::four_look_adaptive(10), 4, 10);
  } else {
    std::fprintf(stderr, "decision_instructions: expected premodel, cascade or adaptive\n");
    return 2;
  }
  std::printf("%zu decisions, %d\n", bench::kQueries, count_decisions(decide));
}
