// The library knows no command line: no string of its sources holds a flag.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace triage {
namespace {

namespace fs = std::filesystem;

// Strings that hold "--" and a letter, and no flag of ours: what a file may contain of them, by how it goes
// on.
const std::vector<std::pair<std::string_view, std::vector<std::string_view>>> kExceptions{
    // pip's
    {"imagenet/weights.cpp",
     {"--no-deps", "--quiet", "--no-input", "--disable-pip-version-check", "--only-binary", "--retries"}},
    // custom properties of CSS
    {"report/page.cpp", {"--"}}};

bool is_exception(std::string_view path, std::string_view flag) {
  for (const auto& [file, starts] : kExceptions) {
    if (path != file) continue;
    for (const std::string_view start : starts) {
      if (flag.starts_with(start)) return true;
    }
  }
  return false;
}

// The position after the string literal whose opening quote is at `at`.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  if (at > 0 && text[at - 1] == 'R') {
    const std::size_t open = text.find('(', at);
    const std::string close = ")" + std::string(text.substr(at + 1, open - at - 1)) + "\"";
    return std::min(text.size(), text.find(close, open) + close.size());
  }
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return std::min(text.size(), at + 1);
}

std::vector<std::string_view> strings_of(std::string_view text) {
  std::vector<std::string_view> strings;
  for (std::size_t at = 0; at < text.size();) {
    if (text.substr(at, 2) == "//") {
      at = std::min(text.size(), text.find('\n', at));
    } else if (text.substr(at, 3) == "'\"'") {
      at += 3;
    } else if (text.substr(at, 4) == "'\\\"'") {
      at += 4;
    } else if (text[at] == '"') {
      const std::size_t end = end_of_string(text, at);
      strings.push_back(text.substr(at, end - at));
      at = end;
    } else {
      ++at;
    }
  }
  return strings;
}

std::vector<std::string> flags_in(std::string_view path, std::string_view text) {
  std::vector<std::string> found;
  for (const std::string_view string : strings_of(text)) {
    for (std::size_t at = 0; (at = string.find("--", at)) != std::string_view::npos; at += 2) {
      const std::string_view flag = string.substr(at, string.find_first_of(" ',;:\")\n", at) - at);
      if (flag.size() < 3 || std::islower(static_cast<unsigned char>(flag[2])) == 0) continue;
      if (!is_exception(path, flag)) {
        found.push_back(
            fmt::format("{}: names {}, expected the option's field: src/cli/flags.h", path, flag));
      }
    }
  }
  return found;
}

std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(LibraryStrings, NameNoFlags) {
  std::size_t n_files = 0;
  const fs::path root = fs::path(TRIAGE_SOURCE_DIR) / "src";
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const fs::path& path = entry.path();
    const std::string name = path.lexically_relative(root).generic_string();
    if ((path.extension() != ".cpp" && path.extension() != ".h") || name.starts_with("cli/")) continue;
    ++n_files;
    for (const std::string& flag : flags_in(name, read(path))) ADD_FAILURE() << flag;
  }
  EXPECT_GT(n_files, 100U);
}

TEST(LibraryStrings, AreTheOnesThatAreLookedAt) {
  const auto found = [](std::string_view text) { return flags_in("x.cpp", text).size(); };
  EXPECT_EQ(found("fail(\"leave --weights out\");"), 1U);
  EXPECT_EQ(found("f(\"use\"\n  \"--cv, or --label\");"), 2U);
  EXPECT_EQ(found("R\"(a --flag)\" \"--other\""), 2U);
  EXPECT_EQ(found("'\"'; // \"--comment\"\n\"a\\\"--b\""), 1U);
  EXPECT_EQ(found("--n; // --flag\nf(\"a -- b\", \"--1\", i--)"), 0U);
  EXPECT_EQ(flags_in("x.cpp", "\"--cv\"").front(),
            "x.cpp: names --cv, expected the option's field: src/cli/flags.h");
  EXPECT_EQ(flags_in("imagenet/weights.cpp", "\"pip --no-deps\"").size(), 0U);
  EXPECT_EQ(flags_in("imagenet/weights.cpp", "\"--offline\"").size(), 1U);
}

}  // namespace
}  // namespace triage
