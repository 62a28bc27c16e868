#include "policy/field_reader.h"

namespace triage {

using nlohmann::json;

Fields::Fields(const json& object, std::string path) : object_(&object), path_(std::move(path)) {
  if (!object.is_object()) fail_field(path_.empty() ? "file" : path_, object.type_name(), "a map");
}

std::string Fields::name(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

bool Fields::has(std::string_view key) const { return object_->contains(std::string(key)); }

const json& Fields::at(std::string_view key) const {
  const auto found = object_->find(std::string(key));
  if (found == object_->end()) fail_field(name(key), "missing", "a value");
  return *found;
}

const json& Fields::array(std::string_view key) const {
  const json& value = at(key);
  if (!value.is_array()) fail_field(name(key), value.type_name(), "an array");
  return value;
}

std::vector<Fields> Fields::objects(std::string_view key) const {
  std::vector<Fields> all;
  for (const json& value : array(key)) all.emplace_back(value, fmt::format("{}[{}]", name(key), all.size()));
  return all;
}

std::vector<double> Fields::numbers(std::string_view key) const {
  std::vector<double> all;
  for (const json& value : array(key)) {
    if (!value.is_number())
      fail_field(fmt::format("{}[{}]", name(key), all.size()), value.type_name(), "a number");
    all.push_back(value.get<double>());
  }
  return all;
}

std::vector<std::size_t> Fields::counts(std::string_view key) const {
  std::vector<std::size_t> all;
  for (const json& value : array(key)) {
    if (!value.is_number_unsigned()) {
      fail_field(fmt::format("{}[{}]", name(key), all.size()), value.type_name(), "an integer of 0 or more");
    }
    all.push_back(value.get<std::size_t>());
  }
  return all;
}

std::vector<std::string> Fields::texts(std::string_view key) const {
  std::vector<std::string> all;
  for (const json& value : array(key)) {
    if (!value.is_string())
      fail_field(fmt::format("{}[{}]", name(key), all.size()), value.type_name(), "a text");
    all.push_back(value.get<std::string>());
  }
  return all;
}

CostWeights Fields::cost(std::string_view key) const {
  const std::string& found = text(key);
  try {
    return parse_cost(found);
  } catch (const Error&) {
    fail_field(name(key), fmt::format("'{}'", found), "time, energy or a sum such as 'ms + 40 j'");
  }
}

CostWeights Fields::cost_or_time(std::string_view key) const { return has(key) ? cost(key) : kTimeCost; }

const std::string& Fields::text(std::string_view key) const {
  const json& value = at(key);
  if (!value.is_string()) fail_field(name(key), value.type_name(), "a text");
  return value.get_ref<const std::string&>();
}

double Fields::number(std::string_view key) const {
  const json& value = at(key);
  if (!value.is_number()) fail_field(name(key), value.type_name(), "a number");
  return value.get<double>();
}

double Fields::number_or_nan(std::string_view key) const { return is_null(key) ? kNotMeasured : number(key); }

std::optional<double> Fields::number_or_none(std::string_view key) const {
  return is_null(key) ? std::nullopt : std::optional(number(key));
}

std::int32_t Fields::integer(std::string_view key) const {
  const json& value = at(key);
  constexpr std::int64_t kMax = INT32_MAX;
  const bool fits = value.is_number_unsigned()
                        ? value.get<std::uint64_t>() <= static_cast<std::uint64_t>(kMax)
                    : value.is_number_integer() ? value.get<std::int64_t>() >= -kMax
                                                : false;
  if (!fits) {
    fail_field(name(key), value.is_number() ? value.dump() : std::string(value.type_name()),
               "a 32-bit integer");
  }
  return value.get<std::int32_t>();
}

std::optional<std::uint64_t> Fields::unsigned_or_none(std::string_view key) const {
  const json& value = at(key);
  if (value.is_null()) return std::nullopt;
  if (!value.is_number_unsigned())
    fail_field(name(key), value.type_name(), "an integer of 0 or more, or null");
  return value.get<std::uint64_t>();
}

std::size_t Fields::count(std::string_view key) const {
  const std::int32_t value = integer(key);
  if (value < 0) fail_field(name(key), value, "0 or more");
  return static_cast<std::size_t>(value);
}

bool Fields::boolean(std::string_view key) const {
  const json& value = at(key);
  if (!value.is_boolean()) fail_field(name(key), value.type_name(), "true or false");
  return value.get<bool>();
}

const Bytes& Fields::bytes(std::string_view key) const {
  const json& value = at(key);
  if (!value.is_binary()) fail_field(name(key), value.type_name(), "a byte string");
  return value.get_binary();
}

}  // namespace triage
