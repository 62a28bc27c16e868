// Work that splits into independent parts.
#pragma once

#include <cstddef>
#include <functional>

namespace triage {

// Calls work(0) to work(count - 1), on as many threads as there are cores. After an exception no further part
// is begun, and the first one is thrown again.
void for_each_parallel(std::size_t count, const std::function<void(std::size_t)>& work);

}  // namespace triage
