#include "serve/feedback_routes.h"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "serve/json_size.h"
#include "serve/protocol_json.h"
#include "triage/error.h"

namespace triage {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostItems = 100'000;
constexpr std::int64_t kMostInputs = std::int64_t{1} << 31;

[[noreturn]] void refuse_item(std::size_t item, std::string_view found, std::string_view expected) {
  throw Error(ErrorCode::kUsage, fmt::format("feedback {}: {}, expected {}", item, found, expected));
}

FeedbackItem item_of(const Json& json, std::size_t number) {
  if (!json.is_object()) refuse_item(number, "no object", "one with a request_id");
  FeedbackItem item;
  for (const auto& [name, value] : json.items()) {
    if (name != "request_id" && name != "label" && name != "score" && name != "input") {
      refuse_item(number, "a field that is not known", "request_id, label or score, and input");
    }
  }
  const auto id = json.find("request_id");
  if (id == json.end() || !id->is_string() || !is_request_id(id->get_ref<const std::string&>())) {
    refuse_item(number, "no request_id", "that of a response");
  }
  item.request_id = id->get<std::string>();
  const bool has_label = json.contains("label"), has_score = json.contains("score");
  if (has_label == has_score) {
    refuse_item(number, has_label ? "a label and a score" : "no label and no score", "one of them");
  }
  if (has_label && json["label"].is_string()) {
    item.told = json["label"].get<std::string>();
  } else if (has_label && json["label"].is_number_integer()) {
    const auto label = json["label"].get<std::int64_t>();
    item.told = label >= 0 && label < kMaxClasses ? static_cast<Label>(label) : kNoLabel;
  } else if (has_score && json["score"].is_number()) {
    item.told = json["score"].get<double>();
    if (!(std::get<double>(item.told) >= 0 && std::get<double>(item.told) <= 1)) {
      refuse_item(number, "a score out of range", "0 to 1");
    }
  } else {
    refuse_item(number, "a label or score of another type",
                "the number of a class or its name, or a score from 0 to 1");
  }
  if (const auto input = json.find("input"); input != json.end()) {
    if (!input->is_number_integer() || input->get<std::int64_t>() < 0 ||
        input->get<std::int64_t>() > kMostInputs) {
      refuse_item(number, "an input that is no position", "0 for the first of the request, and so on");
    }
    item.position = input->get<std::size_t>();
  }
  return item;
}

Json parsed(std::string_view text, std::size_t number) {
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) refuse_item(number, "no JSON", "an object, a list of them, or one a line");
  return json;
}

// Without its blanks.
bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

Json statuses_json(const std::vector<std::pair<std::string, std::size_t>>& items,
                   const Feedback::Statuses& statuses) {
  Json counts = Json::object(), list = Json::array();
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    const std::string status(to_string(statuses[i]));
    counts[status] = counts.value(status, 0) + 1;
    list.push_back({{"request_id", items[i].first}, {"input", items[i].second}, {"status", status}});
  }
  return {{"counts", std::move(counts)}, {"items", std::move(list)}};
}

}  // namespace

std::vector<FeedbackItem> parse_feedback(std::string_view body) {
  check_json_size(body);
  std::vector<FeedbackItem> items;
  const auto add = [&](const Json& json) {
    items.push_back(item_of(json, items.size()));
    if (items.size() > kMostItems) {
      throw Error(ErrorCode::kUsage, fmt::format("feedback: more than {} items, expected fewer", kMostItems));
    }
  };
  if (const Json whole = Json::parse(body, nullptr, false); !whole.is_discarded()) {
    if (!whole.is_array()) {
      add(whole);
    } else {
      for (const Json& json : whole) add(json);
    }
  } else {
    while (!body.empty()) {
      const std::string_view line = body.substr(0, body.find('\n'));
      body.remove_prefix(std::min(body.size(), line.size() + 1));
      if (!is_blank(line)) add(parsed(line, items.size()));
    }
  }
  if (items.empty()) throw Error(ErrorCode::kUsage, "feedback: nothing, expected one item or more");
  return items;
}

void show_feedback(Feedback& feedback, const HttpRespond& respond) {
  feedback.ask([respond](const Json& json) { respond({.body = json_text(json)}); });
}

void take_feedback(Feedback& feedback, std::string_view body, const HttpRespond& respond) {
  std::vector<FeedbackItem> items = parse_feedback(body);
  std::vector<std::pair<std::string, std::size_t>> named;
  for (const FeedbackItem& item : items) named.emplace_back(item.request_id, item.position);
  feedback.tell(std::move(items), [respond, named = std::move(named)](const Feedback::Statuses& statuses) {
    respond({.body = json_text(statuses_json(named, statuses))});
  });
}

Json alarms_json(const ServerContext& context) {
  Json list = Json::array();
  if (context.feedback == nullptr) return list;
  for (const FeedbackAlarm& alarm : context.feedback->alarms()) {
    Json one{{"kind", alarm.kind}};
    if (!alarm.version.empty()) one["version"] = alarm.version;
    if (!alarm.of.empty()) one["of"] = alarm.of;
    if (alarm.inputs > 0) one["inputs"] = alarm.inputs;
    list.push_back(std::move(one));
  }
  return list;
}

std::vector<std::string> alarm_kinds(const ServerContext& context) {
  std::vector<std::string> kinds;
  for (const FeedbackAlarm& alarm : context.feedback->alarms()) kinds.push_back(alarm.kind);
  return kinds;
}

}  // namespace triage
