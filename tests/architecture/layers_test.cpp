// The layer rule of docs/design.md, read off the #include lines: each folder uses only what stands before it.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "architecture/source_files.h"

namespace triage {
namespace {

namespace fs = std::filesystem;

// Folders of src/, each before those that may use it. What stands before kFirstTool is the library that ships
// on a device, the rest are the tools.
constexpr std::array<std::string_view, 26> kOrder{
    "base",      "image",   "features", "zoo",   "engine",  "policy", "preprocess", "runtime", "imagenet",
    "stats",     "energy",  "table",    "data",  "profile", "import", "replay",     "learn",   "evaluate",
    "calibrate", "perturb", "report",   "study", "adopt",   "http",   "serve",      "cli"};
constexpr std::string_view kFirstTool = "imagenet";

// Public headers whose folder is not called as they are.
const std::map<std::string_view, std::string_view> kHomes{{"choose", "policy"},
                                                          {"classifier", "runtime"},
                                                          {"compare", "calibrate"},
                                                          {"clock", "base"},
                                                          {"dataset", "data"},
                                                          {"frames", "data"},
                                                          {"train_forests", "learn"},
                                                          {"frontier", "evaluate"},
                                                          {"method", "evaluate"},
                                                          {"policy_info", "policy"},
                                                          {"reuse", "calibrate"},
                                                          {"rows", "table"},
                                                          {"score_words", "report"},
                                                          {"decisions_csv", "evaluate"},
                                                          {"diagnostics", "evaluate"},
                                                          {"error", "base"},
                                                          {"estimate", "stats"},
                                                          {"export", "import"},
                                                          {"exhibit", "report"},
                                                          {"feature_selection", "learn"},
                                                          {"imagenet_zoo", "imagenet"},
                                                          {"import_aslib", "import"},
                                                          {"import_feedback", "import"},
                                                          {"inner_gain", "evaluate"},
                                                          {"label_mapping", "table"},
                                                          {"ladder", "learn"},
                                                          {"lock", "profile"},
                                                          {"monitor", "stats"},
                                                          {"policy_times", "profile"},
                                                          {"recommendation", "evaluate"},
                                                          {"stability", "evaluate"},
                                                          {"request", "policy"},
                                                          {"result", "policy"},
                                                          {"result_json", "report"},
                                                          {"triage", "runtime"},
                                                          {"terms", "base"},
                                                          {"types", "base"},
                                                          {"version", "base"},
                                                          {"warning", "evaluate"}};

// Who may use a library of others; those that are not listed are free. By the start of the include path.
const std::vector<std::pair<std::string_view, std::set<std::string_view>>> kLibraries{
    {"opencv2/", {"image", "features", "preprocess", "cli"}},  // cli: its version
    {"openvino/", {"engine"}},
    {"jpeglib", {"image", "cli"}},
    {"png.h", {"image", "cli"}},
    {"webp/", {"image", "cli"}},
    {"zlib.h", {"image", "data", "import", "cli"}},
    {"openssl/", {"base", "cli"}},
    {"sqlite3.h", {"profile", "serve", "cli"}},
    {"zip.h", {"imagenet"}},
    {"svm.h", {"learn"}},
    {"libsvm/", {"learn"}},
    {"xgboost/", {"learn"}},
    {"boost/", {"stats", "http"}},
    {"prometheus/", {"serve"}},
    {"grpc/", {"serve"}},
    {"grpcpp/", {"serve"}},
    {"google/protobuf/", {"serve"}},
    {"yaml-cpp/", {"import"}},
    {"CLI/", {"cli"}}};

std::optional<std::size_t> position(std::string_view folder) {
  const auto found = std::find(kOrder.begin(), kOrder.end(), folder);
  if (found == kOrder.end()) return std::nullopt;
  return static_cast<std::size_t>(found - kOrder.begin());
}

// Folder that a path below src/ or include/ ("triage/zoo.h", "learn/premodel/tree.h") belongs to.
std::string folder_of(std::string_view path) {
  const fs::path file(path);
  if (!path.starts_with("triage/")) return file.begin()->string();
  const std::string stem = file.stem().string();
  const auto home = kHomes.find(stem);
  return home == kHomes.end() ? stem : std::string(home->second);
}

// What the #include of `line` names, with its bracket or quote in front; empty for other lines.
std::string included(std::string_view line) {
  constexpr std::string_view kStart = "#include ";
  if (!line.starts_with(kStart)) return {};
  line.remove_prefix(kStart.size());
  const std::size_t end = line.find_first_of("\">", 1);
  return end == std::string_view::npos ? std::string() : std::string(line.substr(0, end));
}

// Everything that `text`, the content of `path`, includes against the rule.
std::vector<std::string> violations(std::string_view path, const std::string& text) {
  std::vector<std::string> found;
  const std::string folder = folder_of(path);
  const std::optional<std::size_t> own = position(folder);
  if (!own)
    return {fmt::format("{}: folder '{}' has no place in the order; give it one here and in docs/design.md",
                        path, folder)};
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::string include = included(line);
    if (include.empty()) continue;
    const std::string_view name = std::string_view(include).substr(1);
    for (const auto& [start, allowed] : kLibraries) {
      if (include.front() == '<' && name.starts_with(start) && !allowed.contains(folder)) {
        found.push_back(
            fmt::format("{}: uses {}, expected only in {}", path, name, fmt::join(allowed, ", ")));
      }
    }
    if (include.front() != '"') continue;
    const std::optional<std::size_t> used = position(folder_of(name));
    if (!used) {
      found.push_back(fmt::format("{}: includes {}, which is in no folder of the order", path, name));
    } else if (*used > *own) {
      found.push_back(fmt::format("{}: includes {}, which stands above '{}'", path, name, folder));
    } else if (folder == "cli" && !name.starts_with("cli/") && !name.starts_with("triage/")) {
      found.push_back(fmt::format("{}: includes {}, expected public headers and its own", path, name));
    } else if (path.starts_with("triage/") && !name.starts_with("triage/")) {
      found.push_back(fmt::format("{}: includes {}, expected public headers only", path, name));
    }
  }
  return found;
}

TEST(Layers, EachUsesOnlyWhatStandsBeforeIt) {
  const fs::path project = TRIAGE_SOURCE_DIR;
  std::size_t n_files = 0;
  for (const char* root : {"src", "include"}) {
    for (const auto& [path, text] : testing::source_files(project / root)) {
      ++n_files;
      for (const std::string& violation : violations(path, text)) ADD_FAILURE() << violation;
    }
  }
  EXPECT_GT(n_files, 50U);
}

// As outside programs, which have no other headers.
TEST(Layers, ExamplesUsePublicHeadersOnly) {
  std::size_t n_files = 0;
  for (const auto& [path, text] : testing::source_files(fs::path(TRIAGE_SOURCE_DIR) / "examples")) {
    if (path == "make_data.cpp") continue;  // prepares the others' tests
    ++n_files;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      const std::string include = included(line);
      EXPECT_TRUE(!include.starts_with("\"") || include.starts_with("\"triage/")) << path << ": " << include;
    }
  }
  EXPECT_GE(n_files, 4U);
}

// The library for devices must not need what only the tools are linked to.
TEST(Layers, TheRuntimeLibraryListsNoTools) {
  const std::size_t first_tool = *position(kFirstTool);
  const fs::path src = fs::path(TRIAGE_SOURCE_DIR) / "src";
  for (std::size_t i = 0; i < kOrder.size(); ++i) {
    std::ostringstream text;
    text << std::ifstream(src / kOrder[i] / "CMakeLists.txt").rdbuf();
    const bool runtime = text.str().find("target_sources(triage PRIVATE") != std::string::npos;
    EXPECT_EQ(runtime, i < first_tool) << kOrder[i];
  }
}

TEST(Layers, TheRuleFindsWhatItForbids) {
  const auto one = [](std::string_view path, const std::string& text) {
    const std::vector<std::string> found = violations(path, text);
    return found.empty() ? std::string() : found.front();
  };
  EXPECT_EQ(one("base/hash.cpp", "#include \"base/hash.h\"\n#include <openssl/evp.h>\n#include <vector>\n"),
            "");
  EXPECT_EQ(one("base/x.cpp", "#include \"triage/zoo.h\"\n"),
            "base/x.cpp: includes triage/zoo.h, which stands above 'base'");
  EXPECT_EQ(one("runtime/x.cpp", "#include \"imagenet/pickle.h\"\n"),
            "runtime/x.cpp: includes imagenet/pickle.h, which stands above 'runtime'");
  EXPECT_EQ(one("triage/types.h", "#include \"triage/policy.h\"\n"),
            "triage/types.h: includes triage/policy.h, which stands above 'base'");
  EXPECT_EQ(one("triage/zoo.h", "#include \"base/hash.h\"\n"),
            "triage/zoo.h: includes base/hash.h, expected public headers only");
  EXPECT_EQ(one("policy/x.cpp", "#include <opencv2/core.hpp>\n"),
            "policy/x.cpp: uses opencv2/core.hpp, expected only in cli, features, image, preprocess");
  EXPECT_EQ(one("runtime/x.cpp", "#include <sqlite3.h>\n"),
            "runtime/x.cpp: uses sqlite3.h, expected only in cli, profile, serve");
  EXPECT_EQ(one("evaluate/x.cpp", "#include <svm.h>\n"),
            "evaluate/x.cpp: uses svm.h, expected only in learn");
  EXPECT_EQ(one("cli/x.cpp", "#include \"base/files.h\"\n"),
            "cli/x.cpp: includes base/files.h, expected public headers and its own");
  EXPECT_EQ(one("cli/x.cpp", "#include \"cli/cli.h\"\n#include \"triage/tools/report.h\"\n"), "");
  EXPECT_EQ(one("cli/x.cpp", "#include \"server/http.h\"\n"),
            "cli/x.cpp: includes server/http.h, which is in no folder of the order");
  EXPECT_EQ(
      one("server/http.cpp", ""),
      "server/http.cpp: folder 'server' has no place in the order; give it one here and in docs/design.md");
}

}  // namespace
}  // namespace triage
