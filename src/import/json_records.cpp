// JSON lines: one object a line. Keys inside objects are joined by dots, places in arrays likewise.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>

#include "import/record_reader.h"
#include "import/text_file.h"
#include "triage/error.h"

namespace triage {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestLine = std::size_t{64} << 20;
constexpr int kDeepest = 64;  // objects inside objects

class JsonLinesReader final : public RecordReader {
 public:
  JsonLinesReader(const std::filesystem::path& path, std::stop_token stop) : file_(path, std::move(stop)) {
    rewind();
    std::string text;
    BadCells ignored(file_.name());  // the next pass says so
    while (read_line(text)) {
      if (const json value = parse(text, ignored); value.is_object()) add_columns(value);
    }
    if (columns_.empty()) {
      throw Error(ErrorCode::kData,
                  fmt::format("{}: has no object with a key, expected one a line", file_.name()));
    }
    rewind();
  }

  [[nodiscard]] const std::vector<std::string>& columns() const override { return columns_; }
  [[nodiscard]] const std::string& name() const override { return file_.name(); }

  bool next(TextRecord& record, BadCells& bad) override {
    std::string text;
    while (read_line(text)) {
      record.line = line_;
      const json value = parse(text, bad);
      if (!value.is_object()) continue;
      record.fields.assign(columns_.size(), {});
      fill(value, record, bad);
      return true;
    }
    return false;
  }

  void rewind() override {
    file_.rewind();
    block_ = file_.next();
    if (block_.starts_with("\xEF\xBB\xBF")) block_.remove_prefix(3);
    line_ = 0;
  }

 private:
  // The next line that is not blank, without its end; false at the end.
  bool read_line(std::string& text) {
    while (!block_.empty()) {
      text.clear();
      ++line_;
      std::size_t end = 0;
      while ((end = block_.find('\n')) == block_.npos && !block_.empty()) {
        text += block_;
        if (text.size() > kLongestLine) {
          throw Error(ErrorCode::kData,
                      fmt::format("{}: line {}: is longer than {} MB, expected one object a line",
                                  file_.name(), line_, kLongestLine >> 20));
        }
        block_ = file_.next();
      }
      text += block_.substr(0, end);
      block_.remove_prefix(block_.empty() ? 0 : end + 1);
      if (block_.empty()) block_ = file_.next();
      if (text.find_first_not_of(" \t\r") != text.npos) return true;
    }
    return false;
  }

  json parse(const std::string& text, BadCells& bad) const {
    try {
      json value = json::parse(text);
      if (!value.is_object()) bad.add(line_, fmt::format("is {}, expected an object", value.type_name()));
      return value;
    } catch (const json::parse_error& error) {
      bad.add(line_,
              fmt::format("is no JSON from character {} on, expected an object; write null for numbers "
                          "that are missing",
                          error.byte));
    } catch (const json::exception& error) {  // a number that is too large
      bad.add(line_, fmt::format("is no JSON ({}), expected an object", error.what()));
    }
    return nullptr;
  }

  template <class Visit>
  void each_value(const json& value, const std::string& path, const Visit& visit, int depth = 0) const {
    if (depth > kDeepest) {
      throw Error(ErrorCode::kData,
                  fmt::format("{}: line {}: has more than {} objects inside each other, expected less",
                              file_.name(), line_, kDeepest));
    }
    if (value.is_object() || value.is_array()) {
      for (const auto& [key, inner] : value.items()) {
        each_value(inner, path.empty() ? key : fmt::format("{}.{}", path, key), visit, depth + 1);
      }
    } else {
      visit(path, value);
    }
  }

  void add_columns(const json& value) {
    each_value(value, "", [&](const std::string& key, const json&) {
      if (number_.emplace(key, columns_.size()).second) columns_.push_back(key);
    });
  }

  void fill(const json& value, TextRecord& record, BadCells& bad) const {
    each_value(value, "", [&](const std::string& key, const json& leaf) {
      std::string& field = record.fields[number_.at(key)];
      if (!field.empty()) bad.add(record.line, key, "is there twice, expected each key once");
      if (leaf.is_string()) {
        field = leaf.get<std::string>();
      } else if (leaf.is_boolean()) {
        field.assign(1, leaf.get<bool>() ? '1' : '0');
      } else if (!leaf.is_null()) {
        field = leaf.dump();
      }
    });
  }

  TextFile file_;
  std::string_view block_;
  std::size_t line_ = 0;
  std::vector<std::string> columns_;
  std::unordered_map<std::string, std::size_t> number_;
};

}  // namespace

std::unique_ptr<RecordReader> open_json_lines(const std::filesystem::path& path, std::stop_token stop) {
  return std::make_unique<JsonLinesReader>(path, std::move(stop));
}

}  // namespace triage
