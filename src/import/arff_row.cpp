#include "import/arff_row.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>
#include <cstdlib>

namespace triage {
namespace {

// What R and Python write instead of `?`.
bool is_no_number(std::string_view text) { return same_word(text, "nan") || same_word(text, "na"); }

std::string some_of(const std::set<std::string>& values) {
  constexpr std::size_t kShown = 8;
  std::vector<std::string> shown;
  for (const std::string& value : values) {
    if (shown.size() == kShown) return fmt::format("{}, ...", fmt::join(shown, ", "));
    shown.push_back(quoted_cell(value));
  }
  return fmt::format("{}", fmt::join(shown, ", "));
}

ArffValue value_of(const ArffAttribute& attribute, const ArffWord& word, std::vector<ArffFault>& faults) {
  ArffValue value{.text = word.text, .column = word.column};
  value.is_missing = !word.is_quoted && word.text == "?";
  if (value.is_missing) return value;
  const auto refuse = [&](const std::string& expected) {
    faults.push_back({word.column, fmt::format("{} for {}, expected {}", quoted_cell(word.text),
                                               quoted_cell(attribute.name), expected)});
  };
  if (attribute.kind == ArffAttribute::Kind::kNominal && !attribute.values.contains(word.text)) {
    refuse("one of " + some_of(attribute.values));
  }
  if (attribute.kind != ArffAttribute::Kind::kNumeric) return value;
  value.is_missing = is_no_number(word.text);
  if (value.is_missing) return value;
  const std::optional<double> number = arff_number(word.text);
  if (!number) refuse("a number, or ? where it is missing");
  value.number = number.value_or(value.number);
  return value;
}

ArffValue left_out_value(const ArffAttribute& attribute) {
  if (attribute.kind == ArffAttribute::Kind::kNumeric) return {.text = "0", .number = 0};
  if (attribute.kind == ArffAttribute::Kind::kNominal) return {.text = attribute.first_value};
  return {.is_missing = true};
}

ArffFault no_comma(ArffCursor& cursor, std::size_t n_values, std::size_t n_attributes) {
  if (!cursor.at_end()) return {cursor.column(), "no comma here, expected one behind a value"};
  return {cursor.column(), fmt::format("the line ends after {} values, expected {}", n_values, n_attributes)};
}

void read_dense_row(ArffCursor& cursor, const std::vector<ArffAttribute>& attributes,
                    std::vector<ArffValue>& row, std::vector<ArffFault>& faults) {
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    if (i > 0 && !cursor.take(',')) throw no_comma(cursor, i, attributes.size());
    row.push_back(value_of(attributes[i], cursor.value(","), faults));
  }
  if (cursor.at_end()) return;
  throw ArffFault{cursor.column(),
                  fmt::format("more behind {} values, expected as many as attributes", attributes.size())};
}

std::size_t sparse_position(const ArffWord& word, std::size_t n_attributes) {
  std::size_t position = 0;
  const auto [end, error] = std::from_chars(word.text.data(), word.text.data() + word.text.size(), position);
  if (error != std::errc() || end != word.text.data() + word.text.size() || position >= n_attributes) {
    throw ArffFault{word.column, fmt::format("{}, expected the position of an attribute, 0 to {}",
                                             quoted_cell(word.text), n_attributes - 1)};
  }
  return position;
}

void read_sparse_row(ArffCursor& cursor, const std::vector<ArffAttribute>& attributes,
                     std::vector<ArffValue>& row, std::vector<ArffFault>& faults) {
  for (const ArffAttribute& attribute : attributes) row.push_back(left_out_value(attribute));
  bool is_closed = cursor.take('}');
  while (!is_closed) {
    const ArffWord word = cursor.word(",}", "the position of an attribute");
    const std::size_t position = sparse_position(word, attributes.size());
    if (row[position].column != 0) {
      throw ArffFault{word.column,
                      fmt::format("position {} for the second time, expected it once", position)};
    }
    row[position] = value_of(attributes[position], cursor.value(",}"), faults);
    is_closed = cursor.take('}');
    if (!is_closed && !cursor.take(',')) throw ArffFault{cursor.column(), "no } here, expected , or }"};
  }
  cursor.expect_end();
}

}  // namespace

std::optional<double> arff_number(const std::string& text) {
  const std::string_view digits = std::string_view(text).substr(text.starts_with('+') ? 1 : 0);
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || end != digits.data() + digits.size()) return std::nullopt;
  // Beyond what a double holds: infinite or 0, which from_chars does not say.
  return error == std::errc::result_out_of_range ? std::strtod(text.c_str(), nullptr) : value;
}

std::vector<ArffFault> read_arff_row(std::string_view line, const std::vector<ArffAttribute>& attributes,
                                     std::vector<ArffValue>& row) {
  row.clear();
  std::vector<ArffFault> faults;
  ArffCursor cursor(line);
  try {
    const bool is_sparse = cursor.take('{');
    is_sparse ? read_sparse_row(cursor, attributes, row, faults)
              : read_dense_row(cursor, attributes, row, faults);
  } catch (const ArffFault& fault) {
    faults.push_back(fault);
  }
  return faults;
}

}  // namespace triage
