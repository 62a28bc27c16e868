// Which other files an ONNX file keeps weights in.
#pragma once

#include <filesystem>
#include <vector>

namespace triage {

// The files of external data (TensorProto.external_data, key "location") that tensors of the model name, in
// its graph, its functions and the graphs inside their nodes, relative to the model's folder; sorted, each
// once. Nothing but these fields is read, whatever the file's size. Throws kModel for a file that is no ONNX
// model, and for a location outside the model's folder, kIo.
[[nodiscard]] std::vector<std::filesystem::path> onnx_data_files(const std::filesystem::path& model);

}  // namespace triage
