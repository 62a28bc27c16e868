// Networks that OpenVINO has compiled, in a CompileCache. Not ov::cache_dir: that checks nothing of what it
// reads, and two processes that begin together get into each other's way.
#pragma once

#include <cstddef>
#include <functional>
#include <openvino/openvino.hpp>
#include <string>
#include <string_view>

#include "engine/compile_cache.h"
#include "triage/zoo.h"

namespace triage {

// OpenVINO's messages run over several lines and name its source files; this makes a short single line.
[[nodiscard]] std::string one_line(std::string_view what);

// File `part` of the model from the cache, or what `compile` makes of it, which is kept then. Throws what
// `compile` throws.
[[nodiscard]] ov::CompiledModel compiled_or_cached(ov::Core& core, CompileCache& cache,
                                                   const ModelSpec& model, std::size_t part,
                                                   const ov::AnyMap& options,
                                                   const std::function<ov::CompiledModel()>& compile);

}  // namespace triage
