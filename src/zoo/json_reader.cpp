#include "zoo/json_reader.h"

#include <fmt/format.h>

#include <cmath>
#include <set>
#include <vector>

#include "base/number_text.h"

namespace triage {
namespace {

// A value as it stands in the document, cut to a length that fits a message.
std::string shown(const nlohmann::json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return fmt::format("an array of {}", value.size());
  if (value.is_number_float()) return number_text(value.get<double>());
  std::string text = value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

std::string shown(Range range) {
  return std::isinf(range.high) ? fmt::format("{} or more", range.low)
                                : fmt::format("{} to {}", range.low, range.high);
}

// Goes through a text before anything is made of it, and refuses what should not be made.
class Limits final : public nlohmann::json_sax<nlohmann::json> {
 public:
  Limits(const std::string& document, ErrorCode code) : document_(&document), code_(code) {}

  bool null() override { return count(); }
  bool boolean(bool) override { return count(); }
  bool number_integer(number_integer_t) override { return count(); }
  bool number_unsigned(number_unsigned_t) override { return count(); }
  bool number_float(number_float_t, const string_t&) override { return count(); }
  bool string(string_t&) override { return count(); }
  bool binary(binary_t&) override { return count(); }
  bool start_object(std::size_t) override { return open(); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (!keys_.back().insert(name).second) {
      fail(fmt::format("key '{}' twice in one object, expected it once; remove one", name.substr(0, 60)));
    }
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
    return false;  // parsing says it better
  }

 private:
  static constexpr std::size_t kMaxDepth = 32;
  static constexpr std::size_t kMaxValues = std::size_t{1} << 20;

  bool count() {
    if (++n_values_ > kMaxValues)
      fail(fmt::format("more than {0} values, expected at most {0}; correct the file", kMaxValues));
    return true;
  }
  bool open() {
    keys_.emplace_back();
    if (keys_.size() > kMaxDepth) {
      fail(fmt::format("more than {0} values in each other, expected at most {0}; correct the file",
                       kMaxDepth));
    }
    return count();
  }
  bool close() {
    keys_.pop_back();
    return true;
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(code_, fmt::format("{}: {}", *document_, what));
  }

  const std::string* document_;
  ErrorCode code_;
  std::size_t n_values_ = 0;
  std::vector<std::set<std::string>> keys_;  // seen, of each object and array that is open
};

}  // namespace

nlohmann::json parse_json(std::string_view text, const std::string& document, ErrorCode code) {
  try {
    Limits limits(document, code);
    (void)nlohmann::json::sax_parse(text, &limits);
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 3, column 5: ..." without its first word.
    const std::string_view what = error.what();
    const std::size_t at = what.find("] ");
    throw Error(code, fmt::format("{}: {}, expected JSON; correct the file", document,
                                  at == std::string_view::npos ? what : what.substr(at + 2)));
  }
}

ObjectReader::ObjectReader(const nlohmann::json& value, std::string document, std::string path,
                           ErrorCode code)
    : value_(&value), document_(std::move(document)), path_(std::move(path)), code_(code) {
  if (!value.is_object()) {
    throw Error(code_, fmt::format("{}: {}found {}, expected an object", document_,
                                   path_.empty() ? "" : path_ + ": ", shown(value)));
  }
}

std::string ObjectReader::path_of(std::string_view key) const {
  if (key.empty()) return path_;
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

Error ObjectReader::error(std::string_view key, const std::string& what) const {
  return {code_, fmt::format("{}: {}: {}", document_, path_of(key), what)};
}

const nlohmann::json* ObjectReader::find(const char* key) {
  known_.insert(key);
  const auto it = value_->find(key);
  return it == value_->end() ? nullptr : &*it;
}

const nlohmann::json& ObjectReader::get(const char* key, std::string_view expected) {
  const nlohmann::json* value = find(key);
  if (value == nullptr) throw error(key, fmt::format("missing, expected {}", expected));
  return *value;
}

std::string ObjectReader::text(const char* key, std::optional<std::string> otherwise,
                               std::size_t max_length) {
  if (otherwise && find(key) == nullptr) return *otherwise;
  const nlohmann::json& value = get(key, "a string");
  if (!value.is_string()) throw error(key, fmt::format("found {}, expected a string", shown(value)));
  std::string result = value.get<std::string>();
  if (result.size() > max_length) {
    throw error(key, fmt::format("found {} bytes, expected at most {}", result.size(), max_length));
  }
  if (result.find('\0') != std::string::npos) throw error(key, "found a NUL character, expected none");
  return result;
}

std::int64_t ObjectReader::integer(const char* key, Range range, std::optional<std::int64_t> otherwise) {
  if (otherwise && find(key) == nullptr) return *otherwise;
  const nlohmann::json& value = get(key, fmt::format("an integer, {}", shown(range)));
  const bool fits =
      value.is_number_integer() && value.get<double>() >= range.low && value.get<double>() <= range.high;
  if (!fits) throw error(key, fmt::format("found {}, expected an integer, {}", shown(value), shown(range)));
  return value.get<std::int64_t>();
}

double ObjectReader::number(const char* key, Range range, std::optional<double> otherwise) {
  if (otherwise && find(key) == nullptr) return *otherwise;
  const nlohmann::json& value = get(key, fmt::format("a number, {}", shown(range)));
  const bool fits =
      value.is_number() && value.get<double>() >= range.low && value.get<double>() <= range.high;
  if (!fits) throw error(key, fmt::format("found {}, expected a number, {}", shown(value), shown(range)));
  return value.get<double>();
}

bool ObjectReader::boolean(const char* key, bool otherwise) {
  const nlohmann::json* value = find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) throw error(key, fmt::format("found {}, expected true or false", shown(*value)));
  return value->get<bool>();
}

std::vector<double> ObjectReader::numbers(const char* key, std::size_t count, Range range) {
  const std::string expected = fmt::format("an array of {} number{}", count, count == 1 ? "" : "s");
  const nlohmann::json& value = get(key, expected);
  if (!value.is_array() || value.size() != count) {
    throw error(key, fmt::format("found {}, expected {}", shown(value), expected));
  }
  std::vector<double> result;
  for (std::size_t i = 0; i < count; ++i) {
    const nlohmann::json& item = value[i];
    if (!item.is_number() || item.get<double>() < range.low || item.get<double>() > range.high) {
      throw error(fmt::format("{}[{}]", key, i),
                  fmt::format("found {}, expected a number, {}", shown(item), shown(range)));
    }
    result.push_back(item.get<double>());
  }
  return result;
}

std::vector<std::string> ObjectReader::texts(const char* key, std::size_t min_count, std::size_t max_count,
                                             std::size_t max_length) {
  const std::string expected = fmt::format("an array of {} to {} strings", min_count, max_count);
  const nlohmann::json& value = get(key, expected);
  if (!value.is_array() || value.size() < min_count || value.size() > max_count) {
    throw error(key, fmt::format("found {}, expected {}", shown(value), expected));
  }
  std::vector<std::string> result;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!value[i].is_string() || value[i].get_ref<const std::string&>().size() > max_length) {
      throw error(
          fmt::format("{}[{}]", key, i),
          fmt::format("found {}, expected a string of at most {} bytes", shown(value[i]), max_length));
    }
    result.push_back(value[i].get<std::string>());
  }
  return result;
}

std::size_t ObjectReader::choice(const char* key, const std::vector<std::string_view>& words,
                                 std::optional<std::size_t> otherwise) {
  if (otherwise && find(key) == nullptr) return *otherwise;
  const std::string expected = fmt::format("one of {}", fmt::join(words, ", "));
  const nlohmann::json& value = get(key, expected);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (value.is_string() && value.get_ref<const std::string&>() == words[i]) return i;
  }
  throw error(key, fmt::format("found {}, expected {}", shown(value), expected));
}

ObjectReader ObjectReader::object(const char* key) {
  return {get(key, "an object"), document_, path_of(key), code_};
}

std::vector<ObjectReader> ObjectReader::objects(const char* key, std::size_t min_count,
                                                std::size_t max_count) {
  const std::string expected = fmt::format("an array of {} to {} objects", min_count, max_count);
  const nlohmann::json& value = get(key, expected);
  if (!value.is_array() || value.size() < min_count || value.size() > max_count) {
    throw error(key, fmt::format("found {}, expected {}", shown(value), expected));
  }
  std::vector<ObjectReader> result;
  for (std::size_t i = 0; i < value.size(); ++i) {
    result.emplace_back(value[i], document_, fmt::format("{}[{}]", path_of(key), i), code_);
  }
  return result;
}

void ObjectReader::finish() const {
  for (const auto& [key, value] : value_->items()) {
    if (known_.contains(key)) continue;
    const std::vector<std::string> names(known_.begin(), known_.end());
    throw error(key.substr(0, 60), fmt::format("unknown key, expected one of {}", fmt::join(names, ", ")));
  }
}

}  // namespace triage
