// Networks that OpenVINO has compiled, in a CompileCache. Not ov::cache_dir: that checks nothing of what it
// reads, and two processes that begin together get into each other's way.
#pragma once

#include <cstddef>
#include <functional>
#include <openvino/openvino.hpp>

#include "engine/compile_cache.h"
#include "triage/zoo.h"

namespace triage {

// File `part` of the model from the cache, or what `compile` makes of it, which is kept then. Throws what
// `compile` throws.
[[nodiscard]] ov::CompiledModel compiled_or_cached(ov::Core& core, CompileCache& cache,
                                                   const ModelSpec& model, std::size_t part,
                                                   const ov::AnyMap& options,
                                                   const std::function<ov::CompiledModel()>& compile);

}  // namespace triage
