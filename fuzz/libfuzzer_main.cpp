// The same targets for libFuzzer, one program each: TRIAGE_FUZZ_TARGET is its name.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const triage::fuzz::Target* const target = [] {
    const auto all = triage::fuzz::targets();
    const auto at =
        std::find_if(all.begin(), all.end(), [](const auto& t) { return t.name == TRIAGE_FUZZ_TARGET; });
    if (at == all.end()) std::abort();
    return &*at;
  }();
  (void)target->read({data, size});  // an exception ends the program, as it should
  return 0;
}
