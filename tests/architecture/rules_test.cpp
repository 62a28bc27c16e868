// Rules about names and sizes, read off the text: it is formatted, so a column says what stands in what.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "architecture/source_files.h"

namespace triage {
namespace {

namespace fs = std::filesystem;

using Files = std::map<std::string, std::string>;  // content by path

constexpr std::size_t kMaxHeaderLines = 200;
constexpr std::size_t kMaxFunctionLines = 60;
constexpr std::ptrdiff_t kMaxPublicHeaders = 16;  // without the tools'

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

Files files_below(const std::vector<std::string>& folders) {
  Files files;
  for (const std::string& folder : folders) {
    for (auto& [path, text] : testing::source_files(fs::path(TRIAGE_SOURCE_DIR) / folder)) {
      files.emplace(folder + "/" + path, std::move(text));
    }
  }
  return files;
}

// The identifier that `text` begins with.
std::string_view identifier(std::string_view text) {
  const auto end = std::find_if_not(text.begin(), text.end(),
                                    [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

// Name of the type that a definition beginning with this line gives to a namespace; empty for other lines,
// and for nested and specialised types.
std::string_view type_name(std::string_view line) {
  for (const std::string_view keyword : {"enum class ", "enum ", "class ", "struct ", "union ", "using "}) {
    if (!line.starts_with(keyword)) continue;
    line.remove_prefix(keyword.size());
    const std::string_view name = identifier(line);
    const std::string_view rest = line.substr(name.size());
    if (keyword == "using ") return rest.starts_with(" =") ? name : std::string_view();
    return rest.empty() || (rest.front() == ' ' && rest.find("(") == rest.npos) ? name : std::string_view();
  }
  return {};
}

// The definition that begins at lines[i], up to its first brace or semicolon, which is included.
std::string head_of(const std::vector<std::string>& lines, std::size_t i) {
  std::string head;
  for (; i < lines.size(); ++i) {
    head += lines[i];
    if (const std::size_t end = head.find_first_of("{;"); end != head.npos) return head.substr(0, end + 1);
  }
  return head;
}

// Types of a namespace whose name means two things. An alias may stand in several files if it says the same.
std::vector<std::string> repeated_types(const Files& files) {
  std::map<std::string, std::map<std::string, std::string>> places;  // of each meaning, of each name
  for (const auto& [path, text] : files) {
    const std::vector<std::string> lines = lines_of(text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::string_view name = type_name(lines[i]);
      if (name.empty()) continue;
      const std::string head = head_of(lines, i);
      const bool alias = head.starts_with("using ");
      if (!alias && head.ends_with(';')) continue;  // only declared
      places[std::string(name)].emplace(alias ? head : path, path);
    }
  }
  std::vector<std::string> found;
  for (const auto& [name, meanings] : places) {
    if (meanings.size() == 1) continue;
    std::set<std::string> where;
    for (const auto& [meaning, path] : meanings) where.insert(path);
    found.push_back(fmt::format("{}: a type in {}, expected in one; give one of them a name of its own", name,
                                fmt::join(where, " and in ")));
  }
  return found;
}

std::vector<std::string> repeated_files(const Files& files) {
  std::map<std::string, std::vector<std::string>> places;
  for (const auto& [path, text] : files) places[fs::path(path).filename().string()].push_back(path);
  std::vector<std::string> found;
  for (const auto& [name, paths] : places) {
    if (paths.size() == 1) continue;
    found.push_back(fmt::format("{}: a file of {}, expected once", name, fmt::join(paths, " and of ")));
  }
  return found;
}

std::vector<std::string> long_headers(const Files& files) {
  std::vector<std::string> found;
  for (const auto& [path, text] : files) {
    const std::size_t n = lines_of(text).size();
    if (n > kMaxHeaderLines)
      found.push_back(fmt::format("{}: {} lines, expected at most {}", path, n, kMaxHeaderLines));
  }
  return found;
}

// Blocks that end in a brace alone, from the last line before it in the same column. A function is one; what
// else is one, such as a loop, is shorter than the function around it.
std::vector<std::string> long_functions(const Files& files) {
  std::vector<std::string> found;
  for (const auto& [path, text] : files) {
    const std::vector<std::string> lines = lines_of(text);
    std::map<std::size_t, std::size_t> begin;  // line that stood last in a column
    bool raw = false;                          // inside a raw string, whose columns mean nothing
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::string_view line = lines[i];
      if (const std::size_t start = line.find("R\""); start != line.npos) raw = true;
      if (raw) {
        raw = line.find(")sql\"") == line.npos && line.find(")\"") == line.npos;
        continue;
      }
      const std::size_t column = line.find_first_not_of(' ');
      if (column == line.npos || line[column] == '#') continue;
      if (line.substr(column) == "}" && begin.contains(column)) {
        const std::size_t n = i - begin[column] + 1;
        if (n > kMaxFunctionLines)
          found.push_back(fmt::format("{}:{}: a function of {} lines, expected at most {}", path,
                                      begin[column] + 1, n, kMaxFunctionLines));
      }
      begin[column] = i;
    }
  }
  return found;
}

void expect_none(const std::vector<std::string>& violations) {
  for (const std::string& violation : violations) ADD_FAILURE() << violation;
}

TEST(Rules, ATypeNameStandsOnce) { expect_none(repeated_types(files_below({"src", "include"}))); }

TEST(Rules, AFileNameStandsOnce) { expect_none(repeated_files(files_below({"src", "include"}))); }

TEST(Rules, PublicHeadersAreShort) { expect_none(long_headers(files_below({"include"}))); }

TEST(Rules, FunctionsAreShort) {  // not in tests, where a table of cases may stand in one
  expect_none(long_functions(files_below({"src", "include", "bench", "examples"})));
}

TEST(Rules, PublicHeadersAreFew) {
  const Files files = files_below({"include"});
  const auto n = std::count_if(files.begin(), files.end(), [](const auto& file) {
    return file.first.find("/tools/") == std::string::npos;
  });
  EXPECT_GT(n, 5);
  EXPECT_LE(n, kMaxPublicHeaders);
}

TEST(Rules, FindARepeatedType) {
  const auto found = [](const char* a, const char* b) {
    return repeated_types({{"src/a.cpp", a}, {"src/b.h", b}}).size();
  };
  EXPECT_EQ(
      repeated_types({{"src/a.cpp", "struct Mark {\n};\n"}, {"src/b.h", "enum class Mark { kRing };\n"}}),
      std::vector<std::string>{
          "Mark: a type in src/a.cpp and in src/b.h, expected in one; give one of them a name of its own"});
  EXPECT_EQ(found("class A final\n    : public B {\n", "union A {\n"), 1U);
  EXPECT_EQ(found("using A = int;\n", "using A =\n    std::map<int, int>;\n"), 1U);
  EXPECT_EQ(found("using A = int;\n", "using A = int;\n"), 0U);
  EXPECT_EQ(found("using A = B::A;\n", "struct A {\n"), 1U);
  EXPECT_EQ(found("class A;\n", "class A {\n"), 0U);
  EXPECT_EQ(found("struct A::State {\n", "struct B::State {\n"), 0U);
  EXPECT_EQ(found("struct A {\n  struct Row {\n", "struct B {\n  struct Row {\n"), 0U);
  EXPECT_EQ(found("struct hash<A> {\n", "struct hash<B> {\n"), 0U);
  EXPECT_EQ(found("using std::swap;\n", "using std::swap;\n"), 0U);
}

TEST(Rules, FindARepeatedFile) {
  EXPECT_EQ(repeated_files({{"src/a/x.h", ""}, {"src/b/x.cpp", ""}, {"include/triage/x.h", ""}}),
            std::vector<std::string>{"x.h: a file of include/triage/x.h and of src/a/x.h, expected once"});
}

TEST(Rules, FindALongHeader) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "\n";
  EXPECT_TRUE(long_headers({{"x.h", text}}).empty());
  EXPECT_EQ(long_headers({{"x.h", text + "\n"}}),
            std::vector<std::string>{"x.h: 201 lines, expected at most 200"});
}

TEST(Rules, FindALongFunction) {
  std::string body;
  for (int i = 0; i < 29; ++i) body += "  x();\n\n";
  const auto found = [](const std::string& text) { return long_functions({{"x.cpp", text}}); };
  EXPECT_TRUE(found("void f() {\n" + body + "}\n").empty());
  const std::string longer = body + "  y();\n";
  EXPECT_EQ(found("\nvoid f() {\n" + longer + "}\n"),
            std::vector<std::string>{"x.cpp:2: a function of 61 lines, expected at most 60"});
  EXPECT_EQ(found("void f(int a,\n       int b) {\n" + body + "}\n").size(), 1U);  // its parameters count
  EXPECT_EQ(found("void f() {\n" + body + "#ifdef A\n  y();\n#endif\n}\n").size(), 1U);
  EXPECT_TRUE(found("const int k[] = {\n" + longer + "};\n").empty());  // no function
  std::string inner = longer;
  for (std::size_t at = 0; (at = inner.find("  ", at)) != inner.npos; at += 4) inner.insert(at, "  ");
  EXPECT_EQ(found("class A {\n public:\n  void f() {\n" + inner + "  }\n};\n"),
            std::vector<std::string>{"x.cpp:3: a function of 61 lines, expected at most 60"});
  EXPECT_TRUE(found("const char* kText = R\"(\nstart\n" + longer + "}\n)\";\n").empty());
}

}  // namespace
}  // namespace triage
