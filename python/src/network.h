// A callable of Python as what runs a model.
#pragma once

#include <map>
#include <string>

#include "core.h"
#include "triage/engine.h"

namespace triage::python {

// By the names of models.
using Callables = std::map<std::string, nb::object>;

// The models of these names are run by these callables: `f(batch)`, of shape (n, ...) in the layout and type
// of the model's recipe, gives (n, values) as the manifest reads them, or that and the embeddings (n, size).
// Throws kUsage for a name that the zoo lacks. With the GIL held.
void run_by_callables(const Zoo& zoo, EngineSet& engines, const Callables& callables);

}  // namespace triage::python
