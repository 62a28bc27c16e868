#include "import/aslib_description.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include <cmath>
#include <optional>

#include "base/files.h"
#include "import/aslib_file.h"
#include "import/bad_cells.h"
#include "triage/error.h"

namespace triage {
namespace {

constexpr std::uint64_t kMaxDescriptionBytes = std::uint64_t{64} << 20;

class DescriptionReader {
 public:
  explicit DescriptionReader(const std::filesystem::path& folder)
      : name_(scenario_file(folder, "description.txt").string()), root_(parse()) {}

  [[nodiscard]] AslibDescription read() const {
    if (!root_.IsMap()) fail("is no YAML mapping, expected keys such as performance_measures");
    AslibDescription description;
    if (const YAML::Node id = root_["scenario_id"]; id && id.IsScalar()) description.id = id.Scalar();
    description.cutoff = cutoff();
    description.measures = measures();
    description.steps = steps();
    return description;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::kData, fmt::format("{}: {}", name_, what));
  }

  [[nodiscard]] YAML::Node parse() const {
    try {
      return YAML::Load(read_text(name_, kMaxDescriptionBytes));
    } catch (const YAML::Exception& error) {
      fail(fmt::format("line {}, column {}: {}, expected YAML", error.mark.line + 1, error.mark.column + 1,
                       error.msg));
    }
  }

  // One text, or a list of them; none where it is missing or says so.
  [[nodiscard]] std::vector<std::string> texts(const YAML::Node& node, const std::string& key) const {
    std::vector<std::string> found;
    if (!node || node.IsNull()) return found;
    if (node.IsScalar()) {
      if (!node.Scalar().empty()) found.push_back(node.Scalar());
      return found;
    }
    if (!node.IsSequence()) fail_at(node, key + ": is a mapping, expected a list of names");
    for (const YAML::Node& item : node) {
      if (!item.IsScalar()) fail_at(item, key + ": holds something that is no name, expected names alone");
      found.push_back(item.Scalar());
    }
    return found;
  }

  [[noreturn]] void fail_at(const YAML::Node& node, const std::string& what) const {
    fail(fmt::format("line {}, column {}: {}", node.Mark().line + 1, node.Mark().column + 1, what));
  }

  [[nodiscard]] double cutoff() const {
    const YAML::Node node = root_["algorithm_cutoff_time"];
    if (!node || node.IsNull() || (node.IsScalar() && (node.Scalar() == "?" || node.Scalar().empty())))
      return 0;
    double seconds = 0;
    if (!YAML::convert<double>::decode(node, seconds) || !(seconds >= 0) || std::isinf(seconds)) {
      fail_at(node, "algorithm_cutoff_time: no number of seconds, expected one of 0 or more, or ?");
    }
    return seconds;
  }

  [[nodiscard]] bool flag(const std::string& text) const {
    bool is_set = false;
    if (!YAML::convert<bool>::decode(YAML::Node(text), is_set)) {
      fail(fmt::format("maximize: {}, expected true or false", quoted_cell(text)));
    }
    return is_set;
  }

  [[nodiscard]] std::vector<AslibMeasure> measures() const {
    const std::vector<std::string> names = texts(root_["performance_measures"], "performance_measures");
    const std::vector<std::string> types = texts(root_["performance_type"], "performance_type");
    const std::vector<std::string> maximize = texts(root_["maximize"], "maximize");
    if (names.empty()) fail("performance_measures: none, expected 1 or more");
    if (types.size() != names.size() || (!maximize.empty() && maximize.size() != names.size())) {
      fail(fmt::format("{} performance_measures, {} of performance_type and {} of maximize, expected as many",
                       names.size(), types.size(), maximize.size()));
    }
    std::vector<AslibMeasure> measures;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (types[i] != "runtime" && types[i] != "solution_quality") {
        fail(
            fmt::format("performance_type: {}, expected runtime or solution_quality", quoted_cell(types[i])));
      }
      measures.push_back({names[i], types[i] == "runtime", !maximize.empty() && flag(maximize[i])});
    }
    return measures;
  }

  [[nodiscard]] std::vector<AslibStep> steps() const {
    const YAML::Node node = root_["feature_steps"];
    std::vector<AslibStep> steps;
    if (!node || node.IsNull()) return steps;
    if (!node.IsMap()) fail_at(node, "feature_steps: is no mapping, expected steps by name");
    for (const auto& step : node) {
      const bool is_empty = step.second.IsNull();
      if (!step.first.IsScalar() || !(is_empty || step.second.IsMap())) {
        fail_at(step.first, "feature_steps: a step that is no mapping, expected a name with provides");
      }
      const std::string& name = step.first.Scalar();
      steps.push_back({name, {}});
      if (!is_empty)
        steps.back().provides = texts(step.second["provides"], fmt::format("step '{}', provides", name));
    }
    return steps;
  }

  std::string name_;
  YAML::Node root_;
};

}  // namespace

AslibDescription read_aslib_description(const std::filesystem::path& folder) {
  return DescriptionReader(folder).read();
}

const AslibMeasure& measure_named(const AslibDescription& description, const std::string& name) {
  if (name.empty()) return description.measures.front();
  std::vector<std::string> known;
  for (const AslibMeasure& measure : description.measures) {
    if (measure.name == name) return measure;
    known.push_back(measure.name);
  }
  throw Error(ErrorCode::kUsage, fmt::format("scenario '{}': no performance measure '{}', expected one of {}",
                                             description.id, name, fmt::join(known, ", ")));
}

}  // namespace triage
