#include "data/label_csv.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/csv.h"
#include "base/files.h"
#include "data/class_matcher.h"
#include "data/file_finder.h"
#include "triage/error.h"

namespace triage {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxCsvBytes = std::uint64_t{1} << 30;
constexpr std::size_t kSampledLines = 50;  // that separator and columns are told by
constexpr std::size_t kLabelExamples = 3;

struct Separator {
  char character;
  std::string_view name;
};
constexpr std::array<Separator, 4> kSeparators{
    {{',', "commas"}, {';', "semicolons"}, {'\t', "tabs"}, {' ', "blanks"}}};

// What people call the columns, in loose_name()'s spelling; the first that is there is taken.
constexpr std::array<std::string_view, 17> kFileNames{
    "file",  "filename",   "file name",  "filepath",   "file path", "path",
    "image", "image path", "image file", "image name", "image id",  "imageid",
    "img",   "img path",   "img name",   "picture",    "id"};
constexpr std::array<std::string_view, 16> kLabelNames{
    "label",  "labels", "class",       "class id", "class name", "classid", "class index",  "category",
    "target", "y",      "category id", "label id", "wnid",       "synset",  "ground truth", "truth"};

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

struct Line {
  std::size_t number;  // 1-based
  std::string_view text;
};

// Lines that hold something; ends are \n, \r\n or \r, and a Ctrl-Z ends the file as it did in DOS.
std::vector<Line> lines_of(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (text.ends_with('\x1A')) text.remove_suffix(1);
  std::vector<Line> lines;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    if (!trim(text.substr(0, end)).empty()) lines.push_back({number, text.substr(0, end)});
    const std::size_t n = text.substr(end, 2) == "\r\n" ? 2 : 1;
    text.remove_prefix(std::min(end + n, text.size()));
  }
  return lines;
}

// The fields of a line, nullopt where a quote is not closed. Blanks part a line once, at the last: names of
// files may hold some.
std::optional<std::vector<std::string>> split(std::string_view text, char separator) {
  std::optional<std::vector<std::string>> fields;
  if (separator == ' ') {
    text = trim(text);
    const std::size_t at = text.find_last_of(' ');
    fields.emplace();
    fields->emplace_back(text.substr(0, at));
    if (at != std::string_view::npos) fields->emplace_back(text.substr(at + 1));
  } else {
    fields = split_csv_line(text, separator);
  }
  if (fields) {
    for (std::string& field : *fields) field = std::string(trim(field));
  }
  return fields;
}

class LabelReader {
 public:
  LabelReader(const fs::path& csv, const ClassList& classes, bool require_labels)
      : csv_(&csv), matcher_(classes), require_labels_(require_labels), n_classes_(classes.count) {}

  // nullopt: not a label.
  [[nodiscard]] std::optional<Label> read(std::string_view text) const {
    if (text.empty()) return require_labels_ ? std::nullopt : std::optional(kNoLabel);
    if (const auto number = parse_class_number(text)) return number;
    if (const auto place = places_.find(std::string(text)); place != places_.end()) return place->second;
    const Label label = matcher_.find(text);
    return label == kNoLabel ? std::nullopt : std::optional(label);
  }

  // Takes texts that name no class for classes by their places in the alphabet, where there are as many of
  // them as classes. False where there are not.
  bool take_places(const std::set<std::string>& texts) {
    if (n_classes_ < 2 || std::ssize(texts) != n_classes_) return false;
    if (std::any_of(texts.begin(), texts.end(),
                    [&](const std::string& text) { return read(text).has_value(); })) {
      return false;
    }
    for (const std::string& text : texts) places_.emplace(text, static_cast<Label>(places_.size()));
    return true;
  }
  [[nodiscard]] bool has_places() const { return !places_.empty(); }
  // In the order of the places.
  [[nodiscard]] std::vector<std::string> place_names() const {
    std::vector<std::string> names;
    for (const auto& [text, label] : places_) names.push_back(text);
    return names;
  }

  [[nodiscard]] Error error(std::size_t line, std::string_view text) const {
    std::string expected = n_classes_ > 0 ? fmt::format("a class number from 0 to {}", n_classes_ - 1)
                                          : "a class number from 0, below 2^31, or label_names that have it";
    if (matcher_.has_names()) expected += ", the name of a class or its WordNet id";
    const bool ambiguous = matcher_.is_ambiguous(text);
    return {ErrorCode::kData,
            fmt::format("{}:{}: label '{}'{}, expected {}; correct the line", csv_->string(), line, text,
                        ambiguous ? " names several classes" : "", expected)};
  }

 private:
  const fs::path* csv_;
  ClassMatcher matcher_;
  bool require_labels_;
  std::int32_t n_classes_;
  std::map<std::string, Label> places_;
};

// How the lines of a file are to be read.
struct CsvLayout {
  Separator separator = kSeparators[0];
  std::size_t n_fields = 2;
  std::size_t file = 0, label = 1;  // columns
  bool has_header = false;
  bool certain = true;  // whether it is known which columns these are
};

// Finds the layout from the first lines.
class LayoutFinder {
 public:
  LayoutFinder(const std::vector<Line>& lines, const LabelReader& labels, FileFinder& files)
      : lines_(&lines), labels_(&labels), files_(&files) {}

  // Of those separators that part most lines alike, the first that gives files and labels; else the first.
  [[nodiscard]] CsvLayout find() {
    std::optional<CsvLayout> found;
    for (const Separator& separator : kSeparators) {
      const std::vector<std::vector<std::string>> rows = sample(separator.character);
      if (rows.empty()) continue;
      CsvLayout layout;
      layout.separator = separator;
      layout.n_fields = rows.front().size();
      if (choose_columns(rows, layout)) return layout;
      if (!found) found = layout;
    }
    return found.value_or(CsvLayout{});
  }

 private:
  // Fields of the first lines, of those that have as many as most; none where most have one alone.
  [[nodiscard]] std::vector<std::vector<std::string>> sample(char separator) const {
    std::map<std::size_t, std::vector<std::vector<std::string>>> by_size;
    for (const Line& line : std::span(*lines_).first(std::min(lines_->size(), kSampledLines))) {
      auto fields = split(line.text, separator);
      if (fields) by_size[fields->size()].push_back(std::move(*fields));
    }
    const auto most = std::max_element(by_size.begin(), by_size.end(), [](const auto& a, const auto& b) {
      return a.second.size() < b.second.size();
    });
    return most == by_size.end() || most->first < 2 ? std::vector<std::vector<std::string>>{} : most->second;
  }

  // How many of the lines have a file, and how many a label, in each column.
  struct Counts {
    std::vector<std::size_t> files, labels;
  };
  [[nodiscard]] Counts count(std::span<const std::vector<std::string>> rows, std::size_t n_fields) {
    Counts counts{std::vector<std::size_t>(n_fields), std::vector<std::size_t>(n_fields)};
    for (const auto& row : rows) {
      for (std::size_t c = 0; c < n_fields; ++c) {
        counts.files[c] += files_->find(row[c]).has_value() ? 1 : 0;
        counts.labels[c] += labels_->read(row[c]).has_value() ? 1 : 0;
      }
    }
    return counts;
  }

  // Whether there are a column of files and one of labels. The first line may be a header: it counts only
  // when it is alone.
  bool choose_columns(const std::vector<std::vector<std::string>>& rows, CsvLayout& layout) {
    const std::span data = std::span(rows).subspan(rows.size() > 1 ? 1 : 0);
    const Counts counts = count(data, layout.n_fields);
    const auto most = std::max_element(counts.files.begin(), counts.files.end());
    layout.file = *most > 0 ? static_cast<std::size_t>(most - counts.files.begin())
                            : named(rows.front(), kFileNames).value_or(0);
    const auto by_name = named(rows.front(), kLabelNames);
    const bool is_named = by_name && *by_name != layout.file;
    if (layout.n_fields == 2) {
      layout.label = 1 - layout.file;
    } else if (is_named) {
      layout.label = *by_name;
    } else {
      layout.certain = only_column_of_labels(data, counts, layout);
    }
    const bool first_fits =
        labels_->read(rows.front()[layout.label]) || files_->find(rows.front()[layout.file]);
    // Without labels that are known, a first line whose file is not there, while others' are, is a header.
    const bool others_fit = counts.labels[layout.label] > 0 || (rows.size() > 1 && *most > 0);
    layout.has_header = !first_fits && (others_fit || is_named);
    return layout.certain && counts.labels[layout.label] > 0;
  }

  bool only_column_of_labels(std::span<const std::vector<std::string>> data, const Counts& counts,
                             CsvLayout& layout) {
    std::size_t n = 0;
    for (std::size_t c = 0; c < layout.n_fields; ++c) {
      if (c == layout.file || counts.labels[c] < data.size() || counts_rows(data, c)) continue;
      layout.label = c;
      ++n;
    }
    return n == 1;
  }

  template <std::size_t N>
  static std::optional<std::size_t> named(const std::vector<std::string>& header,
                                          const std::array<std::string_view, N>& names) {
    for (const std::string_view name : names) {
      for (std::size_t c = 0; c < header.size(); ++c) {
        if (loose_name(header[c]) == name) return c;
      }
    }
    return {};
  }

  // 0, 1, 2, ... down the lines: an index that a table's writer added.
  static bool counts_rows(std::span<const std::vector<std::string>> rows, std::size_t column) {
    if (rows.size() < 3) return false;
    const auto first = parse_class_number(rows[0][column]);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      const auto number = parse_class_number(rows[r][column]);
      if (!first || !number || *number != *first + static_cast<Label>(r)) return false;
    }
    return true;
  }

  const std::vector<Line>* lines_;
  const LabelReader* labels_;
  FileFinder* files_;
};

class CsvReader {
 public:
  CsvReader(const fs::path& csv, const fs::path& folder, const ClassList& classes, bool require_labels)
      : csv_(&csv), labels_(csv, classes, require_labels), files_(folder) {}

  LabelCsv read(std::string_view text) {
    const std::vector<Line> lines = lines_of(text);
    layout_ = LayoutFinder(lines, labels_, files_).find();
    if (!layout_.certain) {
      throw error(lines.front().number,
                  fmt::format("{} fields, any of which may be the label", layout_.n_fields),
                  "2 (file,label), or a first line that names the columns file and label");
    }
    const std::span data = std::span(lines).subspan(layout_.has_header ? 1 : 0);
    if (labels_.take_places(label_texts(data))) {
      out_.mapping.warnings.push_back(fmt::format(
          "{}: no label is a class's name or number, so that they are classes by their places in the "
          "alphabet; check that the models were trained on them in this order",
          csv_->string()));
    }
    for (const Line& line : data) add(line);
    if (out_.rows.empty()) {
      throw Error(ErrorCode::kData,
                  fmt::format("{}: no rows, expected lines file,label; fill it in", csv_->string()));
    }
    out_.names = labels_.place_names();
    if (layout_.separator.character != ',') {
      out_.mapping.notes.push_back(
          fmt::format("{}: fields are parted by {}", csv_->string(), layout_.separator.name));
    }
    for (std::string& note : files_.notes()) {
      out_.mapping.notes.push_back(fmt::format("{}: {}", csv_->string(), note));
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] Error error(std::size_t line, std::string_view found, std::string_view expected) const {
    return {ErrorCode::kData,
            fmt::format("{}:{}: {}, expected {}; correct the line", csv_->string(), line, found, expected)};
  }

  // The different labels of whole lines.
  [[nodiscard]] std::set<std::string> label_texts(std::span<const Line> lines) const {
    std::set<std::string> texts;
    for (const Line& line : lines) {
      auto fields = split(line.text, layout_.separator.character);
      if (fields && fields->size() == layout_.n_fields) texts.insert(std::move((*fields)[layout_.label]));
    }
    return texts;
  }

  void add(const Line& line) {
    const auto fields = split(line.text, layout_.separator.character);
    if (!fields) throw error(line.number, "a quote is not closed", "file,label");
    if (fields->size() != layout_.n_fields) {
      throw error(line.number, fmt::format("{} fields", fields->size()),
                  layout_.n_fields == 2 ? "2 (file,label)" : fmt::to_string(layout_.n_fields));
    }
    CsvRow row{file_of((*fields)[layout_.file], line.number), kNoLabel};
    const std::string& text = (*fields)[layout_.label];
    const auto label = labels_.read(text);
    if (!label) throw labels_.error(line.number, text);
    row.label = *label;
    const auto [seen, is_new] = line_of_.emplace(row.file, line.number);
    if (!is_new) {
      throw error(line.number, fmt::format("file '{}' again", row.file),
                  fmt::format("it once (line {})", seen->second));
    }
    note_label(text, row.label);
    out_.rows.push_back(std::move(row));
  }

  std::string file_of(const std::string& text, std::size_t line) {
    if (text.empty()) throw error(line, "the file name is empty", "file,label");
    if (text.find('\0') != std::string::npos)
      throw error(line, "the file name holds a zero byte", "file,label");
    if (auto found = files_.find(text)) return *found;
    const fs::path path(text);
    if (path.is_absolute()) {
      throw error(line, fmt::format("file '{}' is not in the data folder", text), "a path in it");
    }
    return path.lexically_normal().generic_string();
  }

  void note_label(const std::string& text, Label label) {
    if (label == kNoLabel) return;
    auto& mapping = out_.mapping;
    const LabelsBy by = labels_.has_places()                   ? LabelsBy::kPosition
                        : parse_class_number(text).has_value() ? LabelsBy::kNumber
                                                               : LabelsBy::kName;
    if (mapping.by == LabelsBy::kNothing || by == LabelsBy::kName) mapping.by = by;
    if (mapping.examples.size() == kLabelExamples) return;
    for (const auto& [known, same] : mapping.examples) {
      if (same == label) return;
    }
    mapping.examples.emplace_back(text, label);
  }

  const fs::path* csv_;
  LabelReader labels_;
  FileFinder files_;
  CsvLayout layout_;
  LabelCsv out_;
  std::unordered_map<std::string, std::size_t> line_of_;
};

void expect_utf8(const fs::path& csv, std::string_view text) {
  if (!text.starts_with("\xFF\xFE") && !text.starts_with("\xFE\xFF")) return;
  throw Error(ErrorCode::kData,
              fmt::format("{}: is UTF-16, expected UTF-8; save it as CSV UTF-8", csv.string()));
}

}  // namespace

LabelCsv read_label_csv(const fs::path& csv, const fs::path& folder, const ClassList& classes,
                        bool require_labels) {
  const std::string text = read_text(csv, kMaxCsvBytes);
  expect_utf8(csv, text);
  return CsvReader(csv, folder, classes, require_labels).read(text);
}

}  // namespace triage
