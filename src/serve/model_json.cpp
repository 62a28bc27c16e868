#include "serve/model_json.h"

#include <nlohmann/json.hpp>
#include <string>

namespace triage {
namespace {

using Json = nlohmann::json;

Json tensors_json(const std::vector<TensorInfo>& infos) {
  Json list = Json::array();
  for (const TensorInfo& info : infos) {
    list.push_back({{"name", info.name}, {"datatype", to_string(info.type)}, {"shape", info.shape}});
  }
  return list;
}

Json duration_json(std::uint64_t count, std::uint64_t ns) { return {{"count", count}, {"ns", ns}}; }

}  // namespace

Json model_json(const ServedModel& model) {
  return {{"name", model.name},
          {"versions", {model.version}},
          {"platform", model.platform()},
          {"inputs", tensors_json(model.inputs())},
          {"outputs", tensors_json(model.outputs())}};
}

Json config_json(const ServedModel& model) {
  const auto list = [](const std::vector<TensorInfo>& infos) {
    Json all = Json::array();
    for (const TensorInfo& info : infos) {
      all.push_back({{"name", info.name}, {"data_type", info.config_type()}, {"dims", info.config_dims()}});
    }
    return all;
  };
  return {{"name", model.name},  {"platform", model.platform()},  {"backend", "triage"},
          {"max_batch_size", 0}, {"input", list(model.inputs())}, {"output", list(model.outputs())}};
}

Json statistics_json(const ServedModel& model, const ModelStatistics& counts) {
  return {{"name", model.name},
          {"version", model.version},
          {"last_inference", counts.last_ms},
          {"inference_count", counts.inputs},
          {"execution_count", counts.batches},
          {"inference_stats",
           {{"success", duration_json(counts.requests, counts.request_ns)},
            {"fail", duration_json(counts.failed, counts.failed_ns)},
            {"queue", duration_json(counts.requests, counts.queue_ns)},
            {"compute_input", duration_json(counts.requests, counts.input_ns)},
            {"compute_infer", duration_json(counts.requests, counts.infer_ns)},
            {"compute_output", duration_json(counts.requests, 0)}}},
          {"batch_stats", Json::array()}};
}

}  // namespace triage
