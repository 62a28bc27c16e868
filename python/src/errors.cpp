// triage::Error as the exceptions of triage.errors.
#include <nanobind/stl/string.h>

#include "core.h"
#include "triage/error.h"

namespace triage::python {
namespace {

void raise(const Error& error) {
  const nb::object type =
      nb::module_::import_("triage.errors").attr("class_of")(std::string(error_info(error.code()).name));
  PyErr_SetString(type.ptr(), error.what());
}

}  // namespace

void bind_errors(nb::module_& module) {
  nb::register_exception_translator([](const std::exception_ptr& thrown, void*) {
    try {
      std::rethrow_exception(thrown);
    } catch (const Error& error) {
      raise(error);
    }
  });
  // Every name of an error, so that the classes can be checked to be complete.
  module.def("error_names", [] {
    nb::list names;
    for (const ErrorInfo& info : error_table()) names.append(std::string(info.name));
    return names;
  });
}

}  // namespace triage::python
