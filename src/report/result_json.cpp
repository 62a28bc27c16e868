// One classified input, and one choice, as JSON.
#include "triage/tools/result_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "report/json_parts.h"
#include "triage/tools/report.h"

namespace triage {
namespace {

using Json = nlohmann::json;

// Whatever bytes names have.
template <class Document>
std::string text_of(const Document& json) {
  return json.dump(-1, ' ', false, Document::error_handler_t::replace);
}

Json certificate_json(const Certificate* certificate) {
  if (certificate == nullptr) return nullptr;
  return {{"max_loss", certificate->max_loss},
          {"delta", certificate->delta},
          {"versus", certificate->versus},
          {"inputs", certificate->inputs},
          {"labels_from", certificate->labels_from}};
}

// The promise that covers the answer, as the policy's certificate makes it; nullptr where none does.
const Certificate* certificate_of(const Classifier& classifier, const Result& result) {
  return result.certified ? classifier.policy()->certificate() : nullptr;
}

std::string name_in(const Classifier& classifier, ModelIndex model) {
  return model_name(classifier.policy()->info(), model);
}

Json answer_json(const Classifier& classifier, const TopK& answer, int top) {
  Json list = Json::array();
  const auto entries = answer.entries();
  for (const ClassProbability& entry :
       entries.first(std::min(entries.size(), static_cast<std::size_t>(top)))) {
    list.push_back({{"class", entry.cls},
                    {"label", classifier.label_name(entry.cls)},
                    {"probability", static_cast<double>(entry.probability)}});
  }
  return list;
}

Json looks_json(const Classifier& classifier, const Result& result) {
  Json list = Json::array();
  const auto& models = classifier.policy()->info().models;
  for (const Look& look : result.looks) {
    list.push_back({{"model", name_in(classifier, look.model)},
                    {"precision", to_string(models[static_cast<std::size_t>(look.model)].precision)},
                    {"class", look.output.best()},
                    {"label", classifier.label_name(look.output.best())},
                    {"confidence", look.confidence},
                    {"ms", look.cost.ms}});
  }
  return list;
}

Json why_json(const Classifier& classifier, const ShownResult& shown) {
  const PolicyInfo& info = classifier.policy()->info();
  Json steps = Json::array(), neighbours = Json::array();
  for (const TraceEvent& event : *shown.result.trace) {
    if (const auto* nearest = std::get_if<NearestInputs>(&event)) {
      for (const auto& input : nearest->inputs) {
        neighbours.push_back({{"input", input.id},
                              {"distance", input.distance},
                              {"optimum", model_name(info, input.optimum)}});
      }
      continue;
    }
    const TraceLine line = describe(event, info);
    Json values = Json::object();
    for (const auto& [name, value] : line.values) values[name] = value;
    steps.push_back({{"what", line.what}, {"values", values}});
  }
  Json values = Json::object();
  const auto& features = classifier.policy()->info().schema.features;
  for (std::size_t i = 0; i < features.size(); ++i) {
    values[features[i].name] = static_cast<double>(shown.result.features[i]);
  }
  Json why{{"steps", steps},
           {"neighbours", neighbours},
           {"features", values},
           {"certificate", certificate_json(certificate_of(classifier, shown.result))},
           {"best_single", nullptr}};
  const PolicyModel& best = classifier.policy()->info().best;
  if (!best.name.empty()) why["best_single"] = {{"model", best.name}, {"mean_ms", best.mean_ms}};
  return why;
}

std::string answer_name(const PolicyInfo& info, const TopK& answer) {
  const Label best = answer.best();
  if (best == kNoLabel) return {};
  const auto place = static_cast<std::size_t>(best);
  return place < info.label_names.size() ? info.label_names[place] : fmt::format("class {}", best);
}

// In the numbers of the table that the policy was trained on.
OrderedJson choice_document(const PolicyInfo& info, std::string_view id, const Choice& choice) {
  OrderedJson out{{"id", id}};
  if (!choice.stops) {
    out["run"] = model_name(info, choice.model);
    if (std::isfinite(choice.most_cost)) out["stop_after"] = choice.most_cost;
    out["expected_score"] = figure_json(info.terms.shown(choice.expected_score));
    out["expected_cost"] = figure_json(choice.expected_cost);
    if (choice.second != kNoModel) out["next_best"] = model_name(info, choice.second);
    return out;
  }
  out["stop"] = true;
  out["model"] =
      choice.model == kNoModel ? OrderedJson(nullptr) : OrderedJson(model_name(info, choice.model));
  if (const std::string answer = answer_name(info, choice.answer); !answer.empty()) out["answer"] = answer;
  return out;
}

OrderedJson trace_json(const Trace& trace, const PolicyInfo& info) {
  OrderedJson lines = OrderedJson::array();
  for (const TraceEvent& event : trace) {
    const TraceLine line = describe(event, info);
    OrderedJson values = OrderedJson::object();
    for (const auto& [name, value] : line.values) values[name] = figure_json(value);
    lines.push_back({{"what", line.what}, {"values", std::move(values)}});
  }
  return lines;
}

}  // namespace

std::string result_json(const Classifier& classifier, const ShownResult& shown, int top, bool explain) {
  const Result& result = shown.result;
  Json document = {{"input", shown.input},
                   {"remark", shown.remark.empty() ? Json() : Json(shown.remark)},
                   {"refused", result.refused},
                   {"limited", result.limited()},
                   {"limit", to_string(result.limit)},
                   {"breached", result.breached},
                   {"below_confidence", result.below_confidence},
                   {"certified", result.certified},
                   {"elapsed_ms", result.elapsed_ms},
                   {"model", nullptr},
                   {"answer", answer_json(classifier, result.answer, top)},
                   {"looks", looks_json(classifier, result)},
                   {"times_ms",
                    {{"decode", shown.decode_ms},
                     {"features", result.features_ms},
                     {"decision", result.decision_ms},
                     {"preprocess", result.preprocess_ms},
                     {"inference", result.infer_ms},
                     {"total", result.total.ms}}}};
  if (result.model != kNoModel) document["model"] = name_in(classifier, result.model);
  if (shown.label != kNoLabel) {
    document["label"] = {{"class", shown.label}, {"label", classifier.label_name(shown.label)}};
  }
  if (explain) document["why"] = why_json(classifier, shown);
  return text_of(document);
}

std::string choice_json(const PolicyInfo& info, std::string_view id, const Choice& choice) {
  return text_of(choice_document(info, id, choice));
}

std::string choice_json(const Policy& policy, std::string_view id, const Choice& choice, const Trace& trace,
                        const Request& request) {
  OrderedJson out = choice_document(policy.info(), id, choice);
  out["why"] = trace_json(trace, policy.info());
  out["certificate"] = certificate_json(policy.certifies(request) ? policy.certificate() : nullptr);
  return text_of(out);
}

}  // namespace triage
