// Makers of the engines in this build. A new engine is one source file with its maker declared here, and one
// line in engine_set.cpp.
#pragma once

#include <memory>

#include "triage/engine.h"

namespace triage {

[[nodiscard]] std::unique_ptr<Engine> make_fake_engine(const EngineOptions& options);
#ifdef TRIAGE_WITH_OPENVINO
[[nodiscard]] std::unique_ptr<Engine> make_openvino_engine(const EngineOptions& options);
#endif

}  // namespace triage
