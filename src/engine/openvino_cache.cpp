#include "engine/openvino_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <optional>
#include <sstream>

#include "engine/openvino_error.h"
#include "triage/version.h"

namespace triage {
namespace {

// All that decides what compiling gives: equal keys, equal networks. None where nothing is to be kept: of a
// virtual device (AUTO), which may choose anew each time and says no name of its own.
std::optional<CompiledKey> key_of(const ov::Core& core, const ModelSpec& model, std::size_t part,
                                  const ov::AnyMap& options) {
  CompiledKey key;
  try {
    key.network = fmt::format("model: {}\nfile {}: {}\ndevice: {}, {}\noptions:", model.fingerprint(),
                              part + 1, model.files[part].sha256, model.device,
                              core.get_property(model.device, ov::device::full_name));
    for (const auto& [name, value] : options) {
      key.network += fmt::format(" {}={}", name, value.as<std::string>());
    }
  } catch (const ov::Exception&) {
    return std::nullopt;
  }
  key.network += '\n';
  key.build = fmt::format("Triage {}, OpenVINO {}", kVersion, ov::get_openvino_version().buildNumber);
  return key;
}

std::optional<ov::CompiledModel> cached(ov::Core& core, CompileCache& cache, const CompiledKey& key,
                                        const std::string& device, const ov::AnyMap& options) {
  const std::optional<CompiledFile> found = cache.find(key);
  if (!found) return std::nullopt;
  try {
    // Memory of OpenVINO's own, aligned as it likes: the network may go on using it.
    ov::Tensor blob(ov::element::u8, ov::Shape{found->payload.size()});
    std::copy(found->payload.begin(), found->payload.end(), blob.data<std::uint8_t>());
    return core.import_model(blob, device, options);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    cache.refuse(key, one_line(error.what()));
    return std::nullopt;
  }
}

void keep(CompileCache& cache, const CompiledKey& key, ov::CompiledModel& network) {
  std::ostringstream stream;
  try {
    network.export_model(stream);
  } catch (const ov::Exception&) {
    return;  // of a device that exports nothing
  }
  const std::string_view bytes = stream.view();
  cache.keep(key, {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

}  // namespace

ov::CompiledModel compiled_or_cached(ov::Core& core, CompileCache& cache, const ModelSpec& model,
                                     std::size_t part, const ov::AnyMap& options,
                                     const std::function<ov::CompiledModel()>& compile) {
  const std::optional<CompiledKey> key =
      cache.on() ? key_of(core, model, part, options) : std::optional<CompiledKey>();
  if (!key) return compile();
  if (auto network = cached(core, cache, *key, model.device, options)) return *network;
  ov::CompiledModel network = compile();
  keep(cache, *key, network);
  return network;
}

}  // namespace triage
