// The report's look, in one place.
#pragma once

#include <string_view>

namespace triage {

// Content of the page's <style>.
[[nodiscard]] std::string_view report_css();

}  // namespace triage
