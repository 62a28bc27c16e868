#include "import/record_values.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "import/cell_number.h"

namespace triage {
namespace {

constexpr double kAnything = -std::numeric_limits<double>::infinity();

bool has_nothing(const TextRecord& record, const ColumnPlace& place) {
  return !place || is_nothing(record.fields[*place]);
}

}  // namespace

std::string_view RecordValues::text(const TextRecord& record, const ColumnPlace& place) {
  return place ? trimmed_cell(record.fields[*place]) : std::string_view();
}

void RecordValues::say(const TextRecord& record, std::size_t place, std::string_view expected) const {
  bad_.add(record.line, names_[place],
           fmt::format("{}, expected {}", quoted_cell(record.fields[place]), expected));
}

std::optional<double> RecordValues::number(const TextRecord& record, const ColumnPlace& place,
                                           std::string_view expected, double least) const {
  if (has_nothing(record, place)) return std::nullopt;
  const auto value = cell_number(record.fields[*place]);
  constexpr double kMost = std::numeric_limits<float>::max();  // what profiles hold
  if (value && std::abs(*value) <= kMost && *value >= least) return value;
  say(record, *place, expected);
  return std::nullopt;
}

std::string RecordValues::id(const TextRecord& record) const {
  if (!layout_.id) return fmt::format("line {}", record.line);
  const std::string_view id = text(record, layout_.id);
  if (id.empty()) say(record, *layout_.id, "an id for each input");
  return std::string(id);
}

std::optional<CellValues> RecordValues::cell(const TextRecord& record, const ModelPlaces& places) const {
  // Where scores are given, what has none was not judged, whatever it cost.
  const bool is_there = places.score
                            ? !has_nothing(record, places.score)
                            : !has_nothing(record, places.cost) || !text(record, places.answer).empty();
  if (!is_there) return std::nullopt;
  CellValues out;
  out.score = number(record, places.score, "a number, or nothing where the model was not run", kAnything);
  out.cost = number(record, places.cost, "a number of 0 or more", 0);
  if (places.cost && has_nothing(record, places.cost)) {
    say(record, *places.cost, "the cost of the model, which has a score or an answer");
  }
  out.signal = number(record, places.signal, "a number, or nothing", kAnything);
  out.answer = text(record, places.answer);
  return out;
}

void RecordValues::features(const TextRecord& record, std::vector<float>& values,
                            std::vector<float>& costs) const {
  values.clear();
  for (const std::size_t place : layout_.features) {
    const auto value = cell_number(record.fields[place]);
    if (!value && !is_nothing(record.fields[place]))
      say(record, place,
          "a number, or nothing where it is missing; of texts, write a column of 0 and 1 for each");
    values.push_back(value ? static_cast<float>(*value) : std::numeric_limits<float>::quiet_NaN());
    if (std::isinf(values.back())) values.back() = std::numeric_limits<float>::quiet_NaN();
  }
  costs.clear();
  for (const ColumnPlace& place : layout_.group_costs) {
    costs.push_back(static_cast<float>(number(record, place, "a number of 0 or more", 0).value_or(0)));
  }
}

std::int32_t RecordValues::fold(const TextRecord& record) const {
  if (!layout_.fold) return 0;
  const auto value = cell_number(record.fields[*layout_.fold]);
  if (value && *value >= 0 && *value == std::floor(*value) && *value <= INT32_MAX) {
    return static_cast<std::int32_t>(*value);
  }
  say(record, *layout_.fold, "a whole number of 0 or more for each input");
  return 0;
}

}  // namespace triage
