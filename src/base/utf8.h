// Bytes as the text that profiles, JSON and reports are made of.
#pragma once

#include <string_view>

namespace triage {

// Well-formed UTF-8, without surrogates and overlong forms.
[[nodiscard]] bool is_utf8(std::string_view text);

// Takes the first character off a text that is not empty; a byte that begins none becomes U+FFFD.
[[nodiscard]] char32_t take_character(std::string_view& text);

}  // namespace triage
