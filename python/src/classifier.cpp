// Classifying pictures: pixels in place, bytes, files; one at a time, and many.
#include "triage/classifier.h"

#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <filesystem>
#include <variant>

#include "core.h"
#include "forks.h"
#include "interruptible.h"
#include "network.h"
#include "triage/tools/report.h"

namespace triage::python {
namespace {

namespace fs = std::filesystem;
using Pixels = nb::ndarray<const std::uint8_t, nb::device::cpu>;

// A result with what its positions of models are of.
struct OwnedResult {
  Result result;
  std::shared_ptr<const Policy> policy;
  std::string label;
  std::string remark;
};

// (height, width) gray, or (height, width, 1 or 3) RGB, in place where pixels are side by side.
ImageView view_of(const Pixels& pixels) {
  const auto fail = [&](const std::string& what) -> ImageView {
    std::string shape;
    for (std::size_t i = 0; i < pixels.ndim(); ++i)
      shape += (i > 0 ? ", " : "") + std::to_string(pixels.shape(i));
    throw Error(ErrorCode::kUsage,
                "image: " + what + " (" + shape +
                    "), expected uint8 of shape (height, width) or (height, width, 1 or 3)");
  };
  if (pixels.ndim() != 2 && pixels.ndim() != 3) return fail("an array of shape");
  const std::size_t channels = pixels.ndim() == 2 ? 1 : pixels.shape(2);
  if (channels != 1 && channels != 3) return fail("an array of shape");
  if (pixels.shape(0) == 0 || pixels.shape(1) == 0) return fail("an empty array of shape");
  const std::size_t height = pixels.shape(0), width = pixels.shape(1);
  if (height > INT32_MAX || width > INT32_MAX) return fail("too large an array, of shape");
  const std::int64_t stride = height == 1 ? static_cast<std::int64_t>(width * channels) : pixels.stride(0);
  const std::size_t bytes = static_cast<std::size_t>(stride) * (height - 1) + width * channels;
  return {std::span(pixels.data(), bytes), static_cast<int>(width), static_cast<int>(height),
          static_cast<std::size_t>(stride), channels == 1 ? Colour::kGray : Colour::kRgb};
}

class PyClassifier {
 public:
  PyClassifier(const SharedPolicy& policy, const fs::path& zoo, const Callables& networks,
               std::size_t max_copies, std::size_t memory_bytes) {
    const NetworkCall call;
    RuntimeOptions options;
    options.pool = {.max_copies = max_copies, .memory_bytes = memory_bytes};
    auto runtime = Runtime::load(zoo, options);
    run_by_callables(runtime->zoo(), runtime->engines(), networks);
    classifier_.reset(std::make_unique<Classifier>(policy.policy, std::move(runtime)));
  }

  [[nodiscard]] OwnedResult pixels(const Pixels& image, const Request& request) const {
    const ImageView view = view_of(image);
    const nb::gil_scoped_release release;
    const NetworkCall call;
    return own(classifier_->classify(view, request));
  }
  [[nodiscard]] OwnedResult bytes(const nb::bytes& image, const Request& request,
                                  const std::string& name) const {
    const std::span data(static_cast<const std::uint8_t*>(image.data()), image.size());
    const nb::gil_scoped_release release;
    const NetworkCall call;
    return own(classifier_->classify_bytes(data, request, {}, name));
  }
  [[nodiscard]] OwnedResult file(const fs::path& path, const Request& request) const {
    const nb::gil_scoped_release release;
    const NetworkCall call;
    return own(classifier_->classify_file(path, request));
  }

  // Each of pixels, bytes or a path; its result, or the error that kept it from one.
  using Source = std::variant<ImageView, std::span<const std::uint8_t>, fs::path>;
  [[nodiscard]] nb::list many(const nb::list& images, const Request& request,
                              std::optional<double> mean_latency_ms, unsigned threads,
                              const nb::object& show) const {
    std::vector<Source> sources;
    std::vector<Pixels> keep;
    for (const nb::handle image : images) {
      if (nb::isinstance<nb::bytes>(image)) {
        const auto bytes = nb::cast<nb::bytes>(image);
        sources.emplace_back(std::span(static_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
      } else if (nb::isinstance<nb::str>(image)) {
        sources.emplace_back(nb::cast<fs::path>(image));
      } else {
        keep.push_back(nb::cast<Pixels>(image));
        sources.emplace_back(view_of(keep.back()));
      }
    }
    const std::vector<Classified> results = run_many(sources, request, mean_latency_ms, threads, show);
    nb::list out;
    for (const Classified& each : results) {
      if (each.error) {
        out.append(nb::make_tuple(std::string(error_info(each.error->code()).name),
                                  std::string(each.error->what())));
      } else {
        OwnedResult owned = own(each.result);
        owned.remark = each.remark;
        out.append(nb::cast(std::move(owned)));
      }
    }
    return out;
  }

  void warm_up(std::size_t copies) const {
    const NetworkCall call;
    run_interruptibly(nb::none(), [&](const std::stop_token&, Progress&) { classifier_->warm_up(copies); });
  }
  void set_policy(const SharedPolicy& policy) { classifier_->set_policy(policy.policy); }
  [[nodiscard]] SharedPolicy policy() const { return {classifier_->policy()}; }
  [[nodiscard]] std::string label_name(Label label) const { return classifier_->label_name(label); }
  [[nodiscard]] std::vector<std::string> model_names() const { return names_of(classifier_->zoo().models); }

 private:
  [[nodiscard]] OwnedResult own(Result result) const {
    std::string label = classifier_->label_name(result.label());
    return {std::move(result), classifier_->policy(), std::move(label), {}};
  }

  [[nodiscard]] std::vector<Classified> run_many(const std::vector<Source>& sources, const Request& request,
                                                 std::optional<double> mean_latency_ms, unsigned threads,
                                                 const nb::object& show) const {
    ManyOptions options;
    options.request = request;
    options.threads = threads;
    if (mean_latency_ms) options.stream = StreamOptions{.mean_latency_ms = *mean_latency_ms};
    const DecodeOptions decode = classifier_->decode_options();
    const NetworkCall call;
    return run_interruptibly(show, [&](const std::stop_token& stop, Progress& progress) {
      std::vector<Classified> results;
      const auto load = [&](std::size_t i) {
        if (const auto* path = std::get_if<fs::path>(&sources[i])) return read_image(*path, decode);
        const std::string name = "images[" + std::to_string(i) + "]";
        if (const auto* bytes = std::get_if<std::span<const std::uint8_t>>(&sources[i])) {
          return decode_image(*bytes, name, decode);
        }
        return image_of(std::get<ImageView>(sources[i]));
      };
      classifier_->classify_many(
          sources.size(), load,
          [&](std::size_t i, Classified& each) {
            results.push_back(std::move(each));
            progress.set(i + 1, sources.size());
          },
          options, stop);
      return results;
    });
  }

  static Image image_of(const ImageView& view) {
    Image image{.width = view.width, .height = view.height, .channels = view.channels(), .pixels = {}};
    image.pixels.reserve(image.size_bytes());
    for (int y = 0; y < view.height; ++y) {
      const auto row = view.pixels.subspan(static_cast<std::size_t>(y) * view.stride, view.row_bytes());
      image.pixels.insert(image.pixels.end(), row.begin(), row.end());
    }
    return image;
  }

  OwnedByProcess<Classifier> classifier_;
};

nb::list looks_of(const OwnedResult& self) {
  nb::list looks;
  for (const Look& look : self.result.looks) {
    looks.append(nb::make_tuple(model_name(self.policy->info(), look.model), look.output.best(),
                                look.confidence, look.cost.ms, look.cost.j));
  }
  return looks;
}

// None where it was not asked for.
nb::object trace_of(const OwnedResult& self) {
  if (!self.result.trace) return nb::none();
  nb::list lines;
  for (const TraceEvent& event : *self.result.trace) {
    const TraceLine line = describe(event, self.policy->info());
    lines.append(nb::make_tuple(line.what, line.values));
  }
  return lines;
}

nb::list best_classes(const OwnedResult& self) {
  nb::list classes;
  for (const ClassProbability& entry : self.result.answer.entries()) {
    classes.append(nb::make_tuple(entry.cls, entry.probability));
  }
  return classes;
}

std::string limit_name(const OwnedResult& self) {
  return self.result.limited() ? std::string(to_string(self.result.limit)) : std::string();
}

}  // namespace

void bind_classifier(nb::module_& module) {
  nb::class_<Request>(module, "Request")
      .def(nb::init<>())
      .def_rw("max_latency_ms", &Request::max_latency_ms)
      .def_rw("max_energy_j", &Request::max_energy_j)
      .def_rw("min_confidence", &Request::min_confidence)
      .def_rw("price", &Request::price)
      .def_rw("spent_ms", &Request::spent_ms)
      .def_rw("explain", &Request::explain)
      .def_rw("cap_quantile", &Request::cap_quantile);
  nb::class_<OwnedResult>(module, "Result")
      .def_ro("label", &OwnedResult::label)
      .def_ro("remark", &OwnedResult::remark)
      .def_prop_ro("class_id", [](const OwnedResult& self) { return self.result.label(); })
      .def_prop_ro("confidence", [](const OwnedResult& self) { return self.result.confidence(); })
      .def_prop_ro("refused", [](const OwnedResult& self) { return self.result.refused; })
      .def_prop_ro("limit", &limit_name)
      .def_prop_ro("certified", [](const OwnedResult& self) { return self.result.certified; })
      .def_prop_ro("breached", [](const OwnedResult& self) { return self.result.breached; })
      .def_prop_ro("model",
                   [](const OwnedResult& self) {
                     return self.result.model == kNoModel
                                ? std::string()
                                : model_name(self.policy->info(), self.result.model);
                   })
      .def_prop_ro("elapsed_ms", [](const OwnedResult& self) { return self.result.elapsed_ms; })
      .def_prop_ro("looks", &looks_of)
      .def_prop_ro("trace", &trace_of)
      .def_prop_ro("classes", &best_classes);
  nb::class_<PyClassifier>(module, "Classifier")
      .def(nb::init<const SharedPolicy&, const fs::path&, const Callables&, std::size_t, std::size_t>(),
           nb::arg("policy"), nb::arg("zoo"), nb::arg("networks"), nb::arg("max_copies"),
           nb::arg("memory_bytes"))
      .def("pixels", &PyClassifier::pixels)
      .def("bytes", &PyClassifier::bytes)
      .def("file", &PyClassifier::file)
      .def("many", &PyClassifier::many, nb::arg("images"), nb::arg("request"),
           nb::arg("mean_latency_ms").none(), nb::arg("threads"), nb::arg("progress").none())
      .def("warm_up", &PyClassifier::warm_up)
      .def("set_policy", &PyClassifier::set_policy)
      .def("label_name", &PyClassifier::label_name)
      .def_prop_ro("policy", &PyClassifier::policy)
      .def_prop_ro("models", &PyClassifier::model_names);
}

}  // namespace triage::python
