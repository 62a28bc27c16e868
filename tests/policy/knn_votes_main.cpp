// knn_votes POLICY.triage FOLDER [FOLDS]: the votes of a trained premodel for tools/knn_parity.py.
#include <charconv>
#include <cstdio>
#include <cstring>
#include <exception>

#include "base/files.h"
#include "policy/knn_votes.h"
#include "policy/policy_codec.h"

namespace {

int run(const char* file, const char* folder, const char* folds_text) {
  const auto policy = triage::decode_policy(triage::read_file(file));
  const auto* premodel = dynamic_cast<const triage::Premodel*>(policy.get());
  std::size_t n_folds = 0;
  const auto [end, error] = std::from_chars(folds_text, folds_text + std::strlen(folds_text), n_folds);
  if (premodel == nullptr || error != std::errc() || *end != '\0' || n_folds == 1) {
    std::fprintf(stderr, "knn_votes: expected a premodel and 0 or at least 2 folds\n");
    return 2;
  }
  triage::testing::write_votes(*premodel, n_folds, folder);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::fprintf(stderr, "usage: knn_votes POLICY.triage FOLDER [FOLDS=10; 0: each row among all]\n");
    return 2;
  }
  try {
    return run(argv[1], argv[2], argc == 4 ? argv[3] : "10");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "knn_votes: %s\n", error.what());
    return 1;
  }
}
