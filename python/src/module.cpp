#include <nanobind/stl/string.h>

#include <string>

#include "core.h"
#include "forks.h"
#include "triage/version.h"

NB_MODULE(_core, module) {
  // Said of what threads hold while the interpreter ends: nothing to bother users with.
  nanobind::set_leak_warnings(false);
  module.doc() = "Triage's C++ core. Use the package triage instead, which documents what there is.";
  module.attr("version") = std::string(triage::kVersion);
  triage::python::watch_forks();
  triage::python::bind_errors(module);
  triage::python::bind_table(module);
  triage::python::bind_policy(module);
  triage::python::bind_learning(module);
  triage::python::bind_decisions(module);
  triage::python::bind_classifier(module);
  triage::python::bind_profile(module);
}
