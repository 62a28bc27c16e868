#include "engine/openvino_error.h"

#include <regex>

namespace triage {

// Theirs run over several lines and name source files and the checks in them ("Exception from src/a.cpp:84:
// Check 'x' failed at src/b.cpp:47: Unsupported operation").
std::string one_line(std::string_view what) {
  std::string text;
  for (const char c : what) {
    if (c != '\n' && c != '\t' && c != ' ') {
      text += c;
    } else if (!text.empty() && text.back() != ' ') {
      text += ' ';
    }
  }
  static const std::regex place(R"((Exception from|Check '[^']*' failed at) [^ ]+:\d+:? ?)");
  text = std::regex_replace(text, place, "");
  while (!text.empty() && (text.back() == ' ' || text.back() == '.')) text.pop_back();
  if (text.size() > 200) text = text.substr(0, 197) + "...";
  return text.empty() ? "it gives no reason" : text;
}

}  // namespace triage
