// Numbers in messages: at most four significant digits, as nobody reads more.
#pragma once

#include <fmt/format.h>

#include <string>
#include <type_traits>

namespace triage {

// What is no fraction is passed on as it is.
template <class Value>
[[nodiscard]] decltype(auto) number_text(const Value& value) {
  if constexpr (std::is_floating_point_v<Value>) {
    return fmt::format("{:.4g}", value);
  } else {
    return (value);
  }
}

}  // namespace triage
