// What a policy was trained on and how: the map `training`, and the pairs of texts of formats before 5.
#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "policy/kind_codecs.h"

namespace triage {
namespace {

using nlohmann::json;

template <class T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

// ---- by kind ----

json encode(std::monostate) { return nullptr; }

// Milliseconds stand where they always have; readers of other costs are of newer versions.
json encode(const CascadeFacts& facts) {
  json map{{"kind", "cascade"},
           {"price", or_null(facts.price)},
           {"wanted", facts.wanted},
           {"reached", facts.reached},
           {"score", facts.score}};
  if (facts.unit == kTimeCost) {
    map["ms"] = facts.cost;
  } else {
    map["cost"] = facts.cost;
    map["cost_kind"] = to_string(facts.unit);
  }
  return map;
}

CascadeFacts decode_cascade_facts(const Fields& fields) {
  const bool in_ms = !fields.has("cost_kind");
  return {fields.number_or_none("price"),
          fields.number("wanted"),
          fields.boolean("reached"),
          fields.number("score"),
          fields.number(in_ms ? "ms" : "cost"),
          in_ms ? kTimeCost : fields.cost("cost_kind")};
}

json encode(const AdaptiveFacts& facts) {
  return {{"kind", "adaptive"}, {"price", or_null(facts.price)},  {"margin", facts.margin},
          {"gain", facts.gain}, {"gain_error", facts.gain_error}, {"orders_tried", facts.orders_tried}};
}

AdaptiveFacts decode_adaptive_facts(const Fields& fields) {
  return {fields.number_or_none("price"), fields.number("margin"), fields.number("gain"),
          fields.number("gain_error"), fields.count("orders_tried")};
}

json encode(const RoutingFacts& facts) {
  return {{"kind", "cascade routing"},
          {"cost_kind", to_string(facts.unit)},
          {"wanted", facts.wanted},
          {"reached", facts.reached},
          {"score", facts.score},
          {"cost", facts.cost},
          {"settings_searched", facts.settings_searched},
          {"estimated_on", facts.estimated_on}};
}

RoutingFacts decode_routing_facts(const Fields& fields) {
  return {fields.cost("cost_kind"),    fields.number("wanted"), fields.boolean("reached"),
          fields.number("score"),      fields.number("cost"),   fields.count("settings_searched"),
          fields.count("estimated_on")};
}

json encode(const SelectorFacts& facts) { return {{"kind", "selector"}, {"selector", facts.selector}}; }

json encode_chooser(const KnnFacts&) { return {{"kind", "knn"}}; }

json encode_chooser(const TreeFacts& tree) {
  return {{"kind", "tree"},
          {"max_depth", tree.max_depth},
          {"min_leaf", tree.min_leaf},
          {"nodes", tree.nodes},
          {"accuracy", or_null(tree.accuracy)}};
}

json encode_chooser(const SvmFacts& svm) {
  return {{"kind", "svm"},
          {"c", svm.c},
          {"gamma", svm.gamma},
          {"support_vectors", svm.support_vectors},
          {"trained_on", svm.trained_on},
          {"inputs", svm.inputs},
          {"accuracy", or_null(svm.accuracy)}};
}

ChooserFacts decode_chooser_facts(const Fields& fields) {
  const std::string& kind = fields.text("kind");
  if (kind == "knn") return KnnFacts{};
  if (kind == "tree") {
    return TreeFacts{fields.integer("max_depth"), fields.count("min_leaf"), fields.count("nodes"),
                     fields.number_or_none("accuracy")};
  }
  if (kind != "svm") fail_field(fields.name("kind"), fmt::format("'{}'", kind), "knn, tree or svm");
  return SvmFacts{fields.number("c"),         fields.number("gamma"), fields.count("support_vectors"),
                  fields.count("trained_on"), fields.count("inputs"), fields.number_or_none("accuracy")};
}

json encode_limit(const std::optional<PremodelFacts::DistanceLimit>& limit) {
  if (!limit) return nullptr;
  return {{"limit", limit->limit}, {"quantile", limit->quantile}, {"refuses", limit->refuses}};
}

json encode(const PremodelFacts& facts) {
  json selection = json::array(), choosers = json::array();
  for (const auto& step : facts.selection) {
    selection.push_back(
        {{"model", step.model}, {"coverage", step.coverage}, {"gain", step.gain}, {"kept", step.kept}});
  }
  for (const ChooserFacts& chooser : facts.choosers) {
    choosers.push_back(std::visit([](const auto& each) { return encode_chooser(each); }, chooser));
  }
  return {{"kind", "premodel"},
          {"premodel", facts.kind},
          {"label", to_string(facts.label)},
          {"cost", to_string(facts.cost)},
          {"theta", facts.theta},
          {"k", facts.k},
          {"weights", to_string(facts.weights)},
          {"selection", std::move(selection)},
          {"optimum_of", facts.optimum_of},
          {"choosers", std::move(choosers)},
          {"fallback", facts.fallback},
          {"distance_limit", encode_limit(facts.distance_limit)},
          {"shuffle_seed", or_null(facts.shuffle_seed)}};
}

PremodelFacts decode_premodel_facts(const Fields& fields) {
  PremodelFacts facts;
  facts.kind = fields.text("premodel");
  facts.label = fields.one_of("label", {PremodelLabel::kOptimum, PremodelLabel::kCorrect});
  facts.cost = fields.cost("cost");
  facts.theta = fields.number("theta");
  facts.k = fields.integer("k");
  facts.weights = fields.one_of("weights", {VoteWeights::kUniform, VoteWeights::kDistance});
  for (const Fields& step : fields.objects("selection")) {
    facts.selection.push_back(
        {step.text("model"), step.number("coverage"), step.number("gain"), step.boolean("kept")});
  }
  facts.optimum_of = fields.counts("optimum_of");
  for (const Fields& chooser : fields.objects("choosers"))
    facts.choosers.push_back(decode_chooser_facts(chooser));
  facts.fallback = fields.integer("fallback");
  if (!fields.is_null("distance_limit")) {
    const Fields limit = fields.object("distance_limit");
    facts.distance_limit = {limit.number("limit"), limit.number("quantile"), limit.boolean("refuses")};
  }
  facts.shuffle_seed = fields.unsigned_or_none("shuffle_seed");
  return facts;
}

TrainingDetails decode_details(const Fields& training) {
  if (training.is_null("details")) return {};
  const Fields fields = training.object("details");
  const std::string& kind = fields.text("kind");
  if (kind == "cascade") return decode_cascade_facts(fields);
  if (kind == "adaptive") return decode_adaptive_facts(fields);
  if (kind == "cascade routing") return decode_routing_facts(fields);
  if (kind == "selector") return SelectorFacts{fields.text("selector")};
  if (kind == "premodel") return decode_premodel_facts(fields);
  fail_field(fields.name("kind"), fmt::format("'{}'", kind),
             "cascade, adaptive, cascade routing, selector or premodel");
}

// ---- notes, all that formats before 5 had ----

using Notes = std::vector<std::pair<std::string, std::string>>;

Notes decode_notes(const json& pairs, std::string_view field) {
  Notes notes;
  for (const json& entry : pairs) {
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_string()) {
      fail_field(fmt::format("{}[{}]", field, notes.size()), entry.type_name(), "a pair of texts");
    }
    notes.emplace_back(entry[0].get<std::string>(), entry[1].get<std::string>());
  }
  return notes;
}

template <class T>
bool read_number(std::string_view text, T& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

// Whether the pair is one that every policy had, in the one form that was written; sets the fact then.
bool take_fact(const std::string& key, std::string_view value, TrainingFacts& facts) {
  constexpr std::string_view kFrom = "from ", kAgreement = ": agreement, not accuracy";
  if (key == "inputs") return read_number(value, facts.inputs);
  if (key == "inputs_hash") {
    facts.inputs_hash = value;
    return true;
  }
  if (key == "seed") {
    std::uint64_t seed = 0;
    if (!read_number(value, seed)) return false;
    facts.seed = seed;
    return true;
  }
  if (key == "labels" && value.starts_with(kFrom) && value.ends_with(kAgreement) &&
      value.size() > kFrom.size() + kAgreement.size()) {
    value.remove_prefix(kFrom.size());
    value.remove_suffix(kAgreement.size());
    facts.labels_from = value;
    return true;
  }
  return key == "criterion";  // PolicyInfo has it
}

}  // namespace

json encode_training(const TrainingFacts& facts) {
  json notes = json::array();
  for (const auto& [key, value] : facts.notes) notes.push_back(json::array({key, value}));
  return {{"inputs", facts.inputs},
          {"inputs_hash", facts.inputs_hash},
          {"input_hashes", to_binary<std::uint64_t>(facts.input_hashes)},
          {"labels_from", facts.labels_from},
          {"seed", or_null(facts.seed)},
          {"details", std::visit([](const auto& details) { return encode(details); }, facts.details)},
          {"notes", std::move(notes)}};
}

TrainingFacts decode_training(const Fields& fields) {
  TrainingFacts facts;
  facts.inputs = fields.count("inputs");
  facts.inputs_hash = fields.text("inputs_hash");
  facts.input_hashes = fields.values<std::uint64_t>("input_hashes");
  facts.labels_from = fields.text("labels_from");
  facts.seed = fields.unsigned_or_none("seed");
  facts.details = decode_details(fields);
  facts.notes = decode_notes(fields.array("notes"), fields.name("notes"));
  return facts;
}

TrainingFacts decode_old_training(const json& pairs) {
  TrainingFacts facts;
  for (auto& [key, value] : decode_notes(pairs, "training")) {
    if (!take_fact(key, value, facts)) facts.notes.emplace_back(std::move(key), std::move(value));
  }
  return facts;
}

}  // namespace triage
