// Premodels: their choosers, and the training inputs that neighbours are searched among.
#include <nlohmann/json.hpp>

#include "policy/kind_codecs.h"

namespace triage {
namespace {

using nlohmann::json;

// Uniform weights are left out, as in files from before other weights existed.
json encode_chooser(const KnnChooser& knn) {
  json chooser{{"kind", "knn"}, {"labels", to_bytes(knn.labels)}};
  if (knn.weights != VoteWeights::kUniform) chooser["weights"] = to_string(knn.weights);
  return chooser;
}

json encode_chooser(const TreeChooser& tree) {
  return {{"kind", "tree"},
          {"feature", to_binary<std::int32_t>(tree.feature)},
          {"threshold", to_binary<float>(tree.threshold)},
          {"left", to_binary<std::int32_t>(tree.left)},
          {"right", to_binary<std::int32_t>(tree.right)},
          {"label", to_bytes(tree.label)}};
}

json encode_chooser(const SvmChooser& svm) {
  return {{"kind", "svm"},
          {"gamma", svm.gamma},
          {"classes", to_bytes(svm.classes)},
          {"counts", to_binary<std::int32_t>(svm.counts)},
          {"vectors", to_binary<float>(svm.vectors)},
          {"coefficients", to_binary<float>(svm.coefficients)},
          {"rho", to_binary<float>(svm.rho)}};
}

VoteWeights decode_weights(const Fields& fields) {
  if (!fields.has("weights")) return VoteWeights::kUniform;
  return fields.one_of("weights", {VoteWeights::kUniform, VoteWeights::kDistance});
}

Chooser decode_chooser(const Fields& fields) {
  const std::string& kind = fields.text("kind");
  if (kind == "knn") return KnnChooser{fields.bytes("labels"), decode_weights(fields)};
  if (kind == "tree") {
    return TreeChooser{fields.values<std::int32_t>("feature"), fields.values<float>("threshold"),
                       fields.values<std::int32_t>("left"), fields.values<std::int32_t>("right"),
                       fields.bytes("label")};
  }
  if (kind != "svm") fail_field(fields.name("kind"), fmt::format("'{}'", kind), "knn, tree or svm");
  SvmChooser svm;
  svm.gamma = static_cast<float>(fields.number("gamma"));
  svm.classes = fields.bytes("classes");
  svm.counts = fields.values<std::int32_t>("counts");
  svm.vectors = fields.values<float>("vectors");
  svm.coefficients = fields.values<float>("coefficients");
  svm.rho = fields.values<float>("rho");
  return svm;
}

constexpr std::string_view kChain = "chain";
constexpr std::string_view kMulticlass = "multiclass";

std::vector<float> index_rows(const Premodel& policy) {
  std::vector<float> rows;
  if (!policy.has_index()) return rows;
  rows.reserve(policy.index().n_rows() * policy.index().dimensions());
  for (std::size_t i = 0; i < policy.index().n_rows(); ++i) {
    const auto row = policy.index().row(i);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  return rows;
}

// What both formats have.
PremodelParameters decode_premodel_rows(const Fields& fields) {
  PremodelParameters model;
  model.k = fields.integer("k");
  model.n_stages = fields.count("n_stages");
  model.fallback = fields.integer("fallback");
  model.minimum = fields.values<float>("minimum");
  model.maximum = fields.values<float>("maximum");
  model.rows = fields.values<float>("rows");
  model.optimum = fields.values<ModelIndex>("optimum");
  const Bytes& ids = fields.bytes("ids");
  model.ids = IdList(std::string(ids.begin(), ids.end()), fields.values<std::uint32_t>("id_ends"));
  return model;
}

}  // namespace

json encode_body(const Premodel& policy) {
  const auto& parameters = policy.parameters();
  const auto& ids = parameters.ids.bytes();
  json choosers = json::array();
  for (const Chooser& chooser : parameters.choosers) {
    choosers.push_back(std::visit([](const auto& each) { return encode_chooser(each); }, chooser));
  }
  json body{{"form", parameters.form == PremodelForm::kChain ? kChain : kMulticlass},
            {"k", parameters.k},
            {"n_stages", parameters.n_stages},
            {"choosers", std::move(choosers)},
            {"fallback", parameters.fallback},
            {"minimum", to_binary<float>(parameters.minimum)},
            {"maximum", to_binary<float>(parameters.maximum)},
            {"rows", to_binary<float>(index_rows(policy))},
            {"optimum", to_binary<ModelIndex>(parameters.optimum)},
            {"ids", json::binary(Bytes(ids.begin(), ids.end()))},
            {"id_ends", to_binary<std::uint32_t>(parameters.ids.ends())},
            {"max_distance", nullptr},
            {"refuse_beyond", parameters.refuse_beyond}};
  if (std::isfinite(parameters.max_distance)) body["max_distance"] = parameters.max_distance;
  return body;
}

std::unique_ptr<Policy> decode_premodel(PolicyInfo info, const Fields& fields, int format) {
  PremodelParameters model = decode_premodel_rows(fields);
  if (format == 1) {
    // Format 1 had the paper's chain only. Each stage takes memory, so their number is checked first.
    if (model.n_stages <= info.models.size()) model.choosers = paper_choosers(model);
    return make_premodel(std::move(info), std::move(model));
  }
  const std::string& form = fields.text("form");
  if (form != kChain && form != kMulticlass) {
    fail_field("premodel.form", fmt::format("'{}'", form), "chain or multiclass");
  }
  model.form = form == kChain ? PremodelForm::kChain : PremodelForm::kMulticlass;
  for (const json& value : fields.array("choosers")) {
    model.choosers.push_back(
        decode_chooser({value, fmt::format("premodel.choosers[{}]", model.choosers.size())}));
  }
  if (!fields.at("max_distance").is_null()) model.max_distance = fields.number("max_distance");
  model.refuse_beyond = fields.boolean("refuse_beyond");
  return make_premodel(std::move(info), std::move(model));
}

}  // namespace triage
