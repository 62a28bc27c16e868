#include "triage/tools/label_mapping.h"

#include <array>

namespace triage {

std::string_view labels_by_word(LabelsBy by) {
  constexpr std::array<std::string_view, 5> kWords{"nothing", "name", "number", "number from 1", "position"};
  return kWords[static_cast<std::size_t>(by)];
}

}  // namespace triage
