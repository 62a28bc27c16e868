// ARFF, the attribute-relation file format of Weka, one row after another.
//
// The grammar is Weka's: `%` comments, names and values in single or double quotes with backslash escapes,
// sparse rows `{1 2, 3 4}`, `?` for what is missing, keywords in any case. CRLF and a byte-order mark are
// accepted. Values stand between commas, so that those without quotes may hold blanks, and none goes on in
// the next line. Relational attributes and weights of rows are refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "import/bad_cells.h"

namespace triage {

struct ArffAttribute {
  enum class Kind : std::uint8_t { kNumeric, kString, kNominal, kDate };
  std::string name;
  Kind kind = Kind::kString;
  std::set<std::string> values{};  // of a nominal one: what it may be
  std::string first_value{};       // the first of them in the file
};

struct ArffValue {
  std::string text{};                                        // without quotes and escapes
  double number = std::numeric_limits<double>::quiet_NaN();  // of a numeric attribute; may be infinite
  bool is_missing = false;
  std::size_t column = 0;  // where it stands in its line, from 1; 0 in a sparse row that leaves it out
};

class ArffReader {
 public:
  // Reads as far as `@data`. What is wrong with rows goes to `bad`, which outlives the reader. Throws kIo,
  // and kData for a head that is not right, since rows mean nothing without it.
  ArffReader(const std::filesystem::path& path, BadCells& bad);

  [[nodiscard]] const std::vector<ArffAttribute>& attributes() const { return attributes_; }
  [[nodiscard]] std::optional<std::size_t> find(std::string_view attribute) const;
  // The next row that is right, a value for each attribute; false at the end. Throws kIo.
  [[nodiscard]] bool next(std::vector<ArffValue>& row);
  [[nodiscard]] std::size_t line() const { return line_number_; }  // of that row, from 1

 private:
  [[nodiscard]] bool next_line();
  void read_head();
  [[nodiscard]] bool read_declaration();  // whether it was `@data`
  void add_attribute(ArffAttribute attribute, std::size_t column);

  std::string name_;
  std::ifstream file_;
  BadCells& bad_;
  std::vector<ArffAttribute> attributes_;
  std::map<std::string, std::size_t, std::less<>> positions_;  // of attributes, by name
  std::string line_;
  std::size_t line_number_ = 0;
};

}  // namespace triage
