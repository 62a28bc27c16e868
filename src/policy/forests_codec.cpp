// Forests: how features become codes, the trees, the settings and the schedule.
#include <nlohmann/json.hpp>

#include "policy/kind_codecs.h"

namespace triage {
namespace {

using nlohmann::json;

json encode_features_of(const FeatureMap& map) {
  return {{"n_features", map.n_features},
          {"column", to_binary<std::uint32_t>(map.column)},
          {"edges_begin", to_binary<std::uint32_t>(map.edges_begin)},
          {"edges", to_binary<float>(map.edges)},
          {"missing_code", to_bytes(map.missing_code)},
          {"indicator", to_binary<std::uint32_t>(map.indicator)}};
}

std::uint32_t small_count(const Fields& fields, std::string_view key) {
  const std::size_t count = fields.count(key);
  if (count > UINT32_MAX) fail_field(fields.name(key), count, "fewer than 2^32");
  return static_cast<std::uint32_t>(count);
}

FeatureMap decode_features_of(const Fields& fields) {
  FeatureMap map;
  map.n_features = small_count(fields, "n_features");
  map.column = fields.values<std::uint32_t>("column");
  map.edges_begin = fields.values<std::uint32_t>("edges_begin");
  map.edges = fields.values<float>("edges");
  map.missing_code = fields.bytes("missing_code");
  map.indicator = fields.values<std::uint32_t>("indicator");
  return map;
}

template <class Node>
std::vector<typename Node::Word> words_of(const std::vector<Node>& nodes) {
  std::vector<typename Node::Word> words;
  words.reserve(nodes.size());
  for (const Node& node : nodes) words.push_back(node.word());
  return words;
}

template <class Node>
std::vector<Node> nodes_in(const Fields& fields, std::string_view key) {
  std::vector<Node> nodes;
  const auto words = fields.values<typename Node::Word>(key);
  nodes.reserve(words.size());
  for (const auto word : words) nodes.push_back(Node::of(word));
  return nodes;
}

json encode_trees(const TreeEnsemble& trees) {
  return {{"width", trees.width},
          {"tree_begin", to_binary<std::uint32_t>(trees.tree_begin)},
          {"wide", to_binary<std::uint64_t>(words_of(trees.wide))},
          {"narrow", to_binary<std::uint32_t>(words_of(trees.narrow))},
          {"leaf", to_binary<std::uint32_t>(trees.leaf)},
          {"values", to_binary<float>(trees.values)}};
}

TreeEnsemble decode_trees(const Fields& fields) {
  TreeEnsemble trees;
  trees.width = small_count(fields, "width");
  trees.tree_begin = fields.values<std::uint32_t>("tree_begin");
  trees.wide = nodes_in<WideNode>(fields, "wide");
  trees.narrow = nodes_in<NarrowNode>(fields, "narrow");
  trees.leaf = fields.values<std::uint32_t>("leaf");
  trees.values = fields.values<float>("values");
  return trees;
}

json encode_nearest(const NearestRows& nearest) {
  return {{"n_models", nearest.n_models},
          {"n_features", nearest.n_features},
          {"k", nearest.k},
          {"column", to_binary<std::uint32_t>(nearest.column)},
          {"median", to_binary<float>(nearest.median)},
          {"mean", to_binary<float>(nearest.mean)},
          {"scale", to_binary<float>(nearest.scale)},
          {"rows", to_binary<float>(nearest.rows)},
          {"losses", to_binary<float>(nearest.losses)},
          {"costs", to_binary<float>(nearest.costs)},
          {"mean_loss", to_binary<float>(nearest.mean_loss)},
          {"mean_cost", to_binary<float>(nearest.mean_cost)}};
}

NearestRows decode_nearest(const Fields& fields) {
  NearestRows nearest;
  nearest.n_models = small_count(fields, "n_models");
  nearest.n_features = small_count(fields, "n_features");
  nearest.k = small_count(fields, "k");
  nearest.column = fields.values<std::uint32_t>("column");
  nearest.median = fields.values<float>("median");
  nearest.mean = fields.values<float>("mean");
  nearest.scale = fields.values<float>("scale");
  nearest.rows = fields.values<float>("rows");
  nearest.losses = fields.values<float>("losses");
  nearest.costs = fields.values<float>("costs");
  nearest.mean_loss = fields.values<float>("mean_loss");
  nearest.mean_cost = fields.values<float>("mean_cost");
  return nearest;
}

json encode_forests_of(const Forests& forests) {
  json ensembles = json::array();
  for (const TreeEnsemble& trees : forests.ensembles) ensembles.push_back(encode_trees(trees));
  return {{"n_models", forests.n_models},
          {"features", encode_features_of(forests.features)},
          {"ensembles", std::move(ensembles)},
          {"deviation", to_binary<float>(forests.deviation)},
          {"raw", forests.raw},
          {"has_costs", forests.has_costs},
          {"loss_low", forests.loss_low},
          {"loss_range", forests.loss_range},
          {"slope", forests.slope}};
}

Forests decode_forests_of(const Fields& body) {
  Forests forests;
  forests.n_models = small_count(body, "n_models");
  forests.features = decode_features_of(body.object("features"));
  for (const Fields& trees : body.objects("ensembles")) forests.ensembles.push_back(decode_trees(trees));
  forests.deviation = body.values<float>("deviation");
  forests.raw = small_count(body, "raw");
  forests.has_costs = body.boolean("has_costs");
  forests.loss_low = static_cast<float>(body.number("loss_low"));
  forests.loss_range = static_cast<float>(body.number("loss_range"));
  forests.slope = static_cast<float>(body.number("slope"));
  return forests;
}

// Version 1 of the kind, which says no version, had one short run: `presolver`, -1 for none, and its `slice`.
constexpr int kForestsVersion = 2;

void add_schedule(const RunSchedule& schedule, json& body) {
  body["version"] = kForestsVersion;
  json before = json::array();
  for (const ShortRun& run : schedule.before) {
    before.push_back({{"model", run.model}, {"share", run.share}});
  }
  body["before"] = std::move(before);
  body["last"] = schedule.last;
}

RunSchedule decode_schedule(const Fields& body) {
  RunSchedule schedule;
  schedule.last = static_cast<float>(body.number("last"));
  const int version = body.has("version") ? body.integer("version") : 1;
  if (version < 1 || version > kForestsVersion) {
    fail_field(body.name("version"), version,
               fmt::format("1 to {}, those that this build reads", kForestsVersion));
  }
  if (version == 1) {
    const auto slice = static_cast<float>(body.number("slice"));
    const ModelIndex presolver = body.integer("presolver");
    if (presolver != kNoModel || slice != 0) schedule.before.push_back({presolver, slice});
    return schedule;
  }
  for (const Fields& run : body.objects("before")) {
    schedule.before.push_back({run.integer("model"), static_cast<float>(run.number("share"))});
  }
  return schedule;
}

}  // namespace

json encode_body(const ForestsPolicy& policy) {
  const ForestsParameters& parameters = policy.parameters();
  json body = parameters.nearest ? json{{"nearest", encode_nearest(*parameters.nearest)}}
                                 : encode_forests_of(parameters.forests);
  json settings = json::array();
  for (const PriceSetting& setting : parameters.settings) {
    settings.push_back({{"price", setting.price}, {"score", setting.score}, {"cost", setting.cost}});
  }
  body["settings"] = std::move(settings);
  body["chosen"] = parameters.chosen;
  add_schedule(parameters.schedule, body);
  if (parameters.unit != kTimeCost) body["cost"] = to_string(parameters.unit);
  add_certificate(parameters.certificate, body);
  return body;
}

std::unique_ptr<Policy> decode_forests(PolicyInfo info, const Fields& body) {
  ForestsParameters parameters;
  if (body.has("nearest")) {
    parameters.nearest = decode_nearest(body.object("nearest"));
  } else {
    parameters.forests = decode_forests_of(body);
  }
  for (const Fields& setting : body.objects("settings")) {
    parameters.settings.push_back({setting.number("price"), setting.number("score"), setting.number("cost")});
  }
  parameters.chosen = body.count("chosen");
  parameters.unit = body.cost_or_time("cost");
  parameters.certificate = decode_certificate(body);
  parameters.schedule = decode_schedule(body);
  return make_forests(std::move(info), std::move(parameters));
}

}  // namespace triage
