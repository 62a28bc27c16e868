// Linking triage_test_allocations replaces the program's operator new by one that counts, so that a hot path
// can be shown to allocate nothing.
#pragma once

#include <cstddef>

namespace triage::testing {

// Calls of operator new in this program so far, in all threads.
[[nodiscard]] std::size_t allocations();

}  // namespace triage::testing
