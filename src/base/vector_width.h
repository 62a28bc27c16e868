// One body, compiled for each set of vector instructions.
//
// A kernel is an always_inline function with a plain loop; for_baseline, for_avx2 and for_avx512 are
// functions of the same type that contain it. The compiler makes vector instructions of the loop, as wide as
// each set has. Results are the same, since it may not reorder sums of floats.
#pragma once

namespace triage {

template <auto kBody, class... Arguments>
void for_baseline(Arguments... arguments) {
  kBody(arguments...);
}

#if defined(__x86_64__)
template <auto kBody, class... Arguments>
[[gnu::target("avx2")]] void for_avx2(Arguments... arguments) {
  kBody(arguments...);
}
template <auto kBody, class... Arguments>
[[gnu::target("avx512f,avx512bw,avx512vl,prefer-vector-width=512")]] void for_avx512(Arguments... arguments) {
  kBody(arguments...);
}
inline bool has_avx2() { return __builtin_cpu_supports("avx2") != 0; }
inline bool has_avx512() {
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0;
}
#endif

// yes or no, without a branch, which would keep the compiler from making vector instructions.
template <class Integer>
[[gnu::always_inline]] inline Integer choose(bool condition, Integer yes, Integer no) {
  const auto mask = static_cast<Integer>(-static_cast<Integer>(condition));
  return static_cast<Integer>((yes & mask) | (no & ~mask));
}

}  // namespace triage
