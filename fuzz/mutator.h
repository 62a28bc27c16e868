// New inputs from old ones, the same ones for the same seed.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/hash.h"
#include "fuzz_target.h"

namespace triage::fuzz {

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed, std::size_t max_bytes = std::size_t{1} << 16)
      : random_(seed), max_bytes_(max_bytes) {}
  // One of `corpus`, which is not empty, changed in one to a few places.
  [[nodiscard]] Bytes mutate(std::span<const Bytes> corpus);

 private:
  void change(Bytes& bytes, std::span<const Bytes> corpus);
  void set_integer(Bytes& bytes);
  [[nodiscard]] std::size_t place(std::size_t size) { return static_cast<std::size_t>(random_.below(size)); }

  Random random_;
  std::size_t max_bytes_;
};

}  // namespace triage::fuzz
