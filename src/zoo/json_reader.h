// Strict reading of JSON documents that people write: every message names the file and the JSON path, and a
// key that nobody asked for is an error, since it is most often a typo.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "triage/error.h"

namespace triage {

// Parses a text. `document` is what messages call it. Throws `code` with line and column for bad JSON, and
// for more nesting or more values than any document of ours has: each byte of such a text takes many in
// memory.
[[nodiscard]] nlohmann::json parse_json(std::string_view text, const std::string& document, ErrorCode code);

struct Range {
  double low;
  double high;
};

// One JSON object being read, field by field. finish() reports keys that were not read.
class ObjectReader {
 public:
  // `path` is the JSON path of `value` ("" for the whole document), `document` the file's name. `value` must
  // outlive the reader. Throws when it is not an object.
  ObjectReader(const nlohmann::json& value, std::string document, std::string path, ErrorCode code);

  [[nodiscard]] bool has(const char* key) const { return value_->contains(key); }
  // Each throws when the key is missing and there is no default, or is of another type or out of range.
  [[nodiscard]] std::string text(const char* key, std::optional<std::string> otherwise = {},
                                 std::size_t max_length = 4096);
  [[nodiscard]] std::int64_t integer(const char* key, Range range,
                                     std::optional<std::int64_t> otherwise = {});
  [[nodiscard]] double number(const char* key, Range range, std::optional<double> otherwise = {});
  [[nodiscard]] bool boolean(const char* key, bool otherwise);
  // Exactly `count` numbers.
  [[nodiscard]] std::vector<double> numbers(const char* key, std::size_t count, Range range);
  // `min_count` to `max_count` texts of at most `max_length` bytes.
  [[nodiscard]] std::vector<std::string> texts(const char* key, std::size_t min_count, std::size_t max_count,
                                               std::size_t max_length);
  // One of `words`; its position.
  [[nodiscard]] std::size_t choice(const char* key, const std::vector<std::string_view>& words,
                                   std::optional<std::size_t> otherwise = {});
  [[nodiscard]] ObjectReader object(const char* key);
  [[nodiscard]] std::vector<ObjectReader> objects(const char* key, std::size_t min_count,
                                                  std::size_t max_count);
  void finish() const;

  // An error about `key` of this object.
  [[nodiscard]] Error error(std::string_view key, const std::string& what) const;

 private:
  const nlohmann::json* find(const char* key);
  const nlohmann::json& get(const char* key, std::string_view expected);
  [[nodiscard]] std::string path_of(std::string_view key) const;

  const nlohmann::json* value_;
  std::string document_;
  std::string path_;
  ErrorCode code_;
  std::set<std::string> known_;
};

}  // namespace triage
