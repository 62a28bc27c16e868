// Deciding for many rows in step, whose models run in Python: which model each row wants, what it said, what
// is answered.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "core.h"
#include "in_parts.h"
#include "triage/choose.h"
#include "triage/error.h"

namespace triage::python {
namespace {

class Decisions {
 public:
  Decisions(SharedPolicy policy, std::size_t n, std::optional<Matrix<float>> features,
            std::optional<double> price)
      : policy_(std::move(policy.policy)), features_(std::move(features)), rows_(n) {
    if (price) request_.price = *price;
    check_request(*policy_, request_);
    const std::size_t d = policy_->info().schema.size();
    if (d > 0 && (!features_ || features_->shape(0) != n || features_->shape(1) != d)) {
      throw Error(ErrorCode::kUsage, "features: expected (" + std::to_string(n) + ", " + std::to_string(d) +
                                         ") numbers, those of the policy's schema");
    }
  }

  // (n) the model that each row wants next; -1 where it has its answer.
  NewVector<ModelIndex> wanted() {
    std::vector<ModelIndex> next(rows_.size(), kNoModel);
    {
      const nb::gil_scoped_release release;
      const auto step = [&](std::size_t first, std::size_t last) {
        if (is_begun_) {
          for (std::size_t i = first; i < last; ++i) next[i] = next_of(i);
        } else {
          begin(first, std::span(next).subspan(first, last - first));
        }
      };
      in_parts(rows_.size(), step, is_begun_ || !features_ ? kRowsAThread : kChosenRowsAThread);
      is_begun_ = true;
    }
    return vector_of(std::move(next));
  }

  // What the model said of these rows: (k, classes) probabilities, and what a row of them cost.
  void record(ModelIndex model, const Vector<std::int64_t>& rows, const Matrix<float>& probabilities,
              double cost) {
    if (probabilities.shape(0) != rows.size()) {
      throw Error(ErrorCode::kUsage, "probabilities: " + std::to_string(probabilities.shape(0)) +
                                         " rows, expected " + std::to_string(rows.size()));
    }
    const nb::gil_scoped_release release;
    const std::size_t width = probabilities.shape(1);
    in_parts(rows.size(), [&](std::size_t first, std::size_t last) {
      for (std::size_t k = first; k < last; ++k) {
        Row& row = rows_[static_cast<std::size_t>(rows.data()[k])];
        const auto output = TopK::from_probabilities(std::span(probabilities.data() + k * width, width));
        row.looks.push_back(
            {.model = model, .output = output, .confidence = output.confidence(), .cost = {.ms = cost}});
        row.spent += cost;
        row.model = model;
      }
    });
  }

  // Writes the answers' probabilities (n, classes).
  void probabilities(const nb::ndarray<float, nb::ndim<2>, nb::c_contig, nb::device::cpu>& out) const {
    const nb::gil_scoped_release release;
    const std::size_t width = out.shape(1);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      for (std::size_t c = 0; c < width; ++c) {
        out.data()[i * width + c] =
            static_cast<float>(rows_[i].answer.probability(static_cast<std::int32_t>(c)));
      }
    }
  }
  [[nodiscard]] NewVector<std::int32_t> classes() const {
    return each<std::int32_t>([](const Row& row) { return row.answer.best(); });
  }
  [[nodiscard]] NewVector<float> confidences() const {
    return each<float>([](const Row& row) { return static_cast<float>(row.answer.confidence()); });
  }
  // Whose answer it is, or the last that ran where several were combined.
  [[nodiscard]] NewVector<std::int32_t> models() const {
    return each<std::int32_t>([](const Row& row) { return row.model; });
  }
  [[nodiscard]] NewVector<std::int32_t> looks() const {
    return each<std::int32_t>([](const Row& row) { return static_cast<std::int32_t>(row.looks.size()); });
  }
  [[nodiscard]] NewVector<double> costs() const {
    return each<double>([](const Row& row) { return row.spent; });
  }

 private:
  struct Row {
    std::vector<Look> looks;
    double spent = 0;
    bool is_done = false;
    ModelIndex model = kNoModel;
    TopK answer;  // empty until it is done
  };

  template <class T, class Get>
  [[nodiscard]] NewVector<T> each(const Get& get) const {
    std::vector<T> values(rows_.size());
    std::transform(rows_.begin(), rows_.end(), values.begin(), get);
    return vector_of(std::move(values));
  }

  // The first step of rows from `first` on, together, since many at a time are much faster for some policies.
  void begin(std::size_t first, std::span<ModelIndex> next) {
    const std::size_t d = policy_->info().schema.size();
    const auto features =
        d == 0 ? std::span<const float>() : std::span(features_->data() + first * d, next.size() * d);
    choose_rows(*policy_, features, next, request_);
    for (std::size_t i = 0; i < next.size(); ++i) rows_[first + i].is_done = next[i] == kNoModel;
  }

  ModelIndex next_of(std::size_t i) {
    Row& row = rows_[i];
    if (row.is_done) return kNoModel;
    const std::size_t d = policy_->info().schema.size();
    Evidence evidence{.features = {}, .looks = row.looks, .spent = {.ms = row.spent}, .request = request_};
    if (d > 0) evidence.features = std::span(features_->data() + i * d, d);
    evidence.extracted = all_features(policy_->info().schema);
    const Action action = policy_->next(evidence);
    if (action.kind == Action::Kind::kRun) return action.model;
    row.is_done = true;
    if (action.kind == Action::Kind::kAnswer) {
      row.answer = action.answer;
      if (action.model != kNoModel) row.model = action.model;
    }
    return kNoModel;
  }

  std::shared_ptr<const Policy> policy_;
  std::optional<Matrix<float>> features_;
  std::vector<Row> rows_;
  Request request_;
  bool is_begun_ = false;
};

template <class T>
using OutVector = nb::ndarray<T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

// Where the answers of a cascade go, for all n inputs; probabilities (n, classes) only where they are wanted.
struct CascadeAnswers {
  using Probabilities = std::optional<nb::ndarray<float, nb::ndim<2>, nb::c_contig, nb::device::cpu>>;
  OutVector<std::int32_t> classes;
  OutVector<float> confidences;
  OutVector<std::int32_t> models, looks;
  OutVector<double> costs;
  Probabilities probabilities;
};
// What is the same for all that a stage accepts.
struct CascadeStage {
  double threshold = 0;  // on the model's best probability
  std::int32_t model = 0, looks = 0;
  double spent = 0;
};

constexpr std::size_t kValuesAThread = 1U << 20;  // a millisecond's work

// Answers those of `rows` (all inputs where it is none) of whose class the model is sure enough; returns the
// others. Rows are written by one part each.
NewVector<std::int64_t> accept_rows(const Matrix<float>& said,
                                    const std::optional<Vector<std::int64_t>>& rows,
                                    const CascadeStage& stage, const CascadeAnswers& out) {
  const std::size_t n = said.shape(0), width = said.shape(1);
  std::vector<std::int64_t> left(n);
  std::vector<std::pair<std::size_t, std::size_t>>
      parts;  // where the rows that are left begin, and their number
  std::mutex mutex;
  const auto judge = [&](std::size_t first, std::size_t last) {
    std::size_t n_left = 0;
    for (std::size_t i = first; i < last; ++i) {
      const float* values = said.data() + i * width;
      std::size_t best = 0;
      for (std::size_t c = 1; c < width; ++c) best = values[c] > values[best] ? c : best;
      const float confidence = std::clamp(values[best], 0.0F, 1.0F);
      const std::int64_t row = rows ? rows->data()[i] : static_cast<std::int64_t>(i);
      if (static_cast<double>(confidence) < stage.threshold) {
        left[first + n_left++] = row;
        continue;
      }
      out.classes.data()[row] = static_cast<std::int32_t>(best);
      out.confidences.data()[row] = confidence;
      out.models.data()[row] = stage.model;
      out.looks.data()[row] = stage.looks;
      out.costs.data()[row] = stage.spent;
      if (out.probabilities) {
        std::copy_n(values, width, out.probabilities->data() + static_cast<std::size_t>(row) * width);
      }
    }
    const std::lock_guard lock(mutex);
    parts.emplace_back(first, n_left);
  };
  {
    const nb::gil_scoped_release release;
    in_parts(n, judge, std::max<std::size_t>(1, kValuesAThread / std::max<std::size_t>(1, width)));
    std::sort(parts.begin(), parts.end());
    std::size_t end = 0;
    for (const auto& [first, n_left] : parts) {
      std::copy_n(left.begin() + static_cast<std::ptrdiff_t>(first), n_left,
                  left.begin() + static_cast<std::ptrdiff_t>(end));
      end += n_left;
    }
    left.resize(end);
  }
  return vector_of(std::move(left));
}

}  // namespace

void bind_decisions(nb::module_& module) {
  nb::class_<CascadeAnswers>(module, "CascadeAnswers")
      .def(
          "__init__",
          [](CascadeAnswers* self, OutVector<std::int32_t> classes, OutVector<float> confidences,
             OutVector<std::int32_t> models, OutVector<std::int32_t> looks, OutVector<double> costs,
             CascadeAnswers::Probabilities probabilities) {
            new (self) CascadeAnswers{std::move(classes), std::move(confidences), std::move(models),
                                      std::move(looks),   std::move(costs),       std::move(probabilities)};
          },
          nb::arg("classes"), nb::arg("confidences"), nb::arg("models"), nb::arg("looks"), nb::arg("costs"),
          nb::arg("probabilities").none());
  module.def(
      "accept_rows",
      [](const Matrix<float>& said, const std::optional<Vector<std::int64_t>>& rows, double threshold,
         std::int32_t model, std::int32_t looks, double spent, const CascadeAnswers& out) {
        return accept_rows(said, rows, {threshold, model, looks, spent}, out);
      },
      nb::arg("said"), nb::arg("rows").none(), nb::arg("threshold"), nb::arg("model"), nb::arg("looks"),
      nb::arg("spent"), nb::arg("out"));
  nb::class_<Decisions>(module, "Decisions")
      .def(nb::init<SharedPolicy, std::size_t, std::optional<Matrix<float>>, std::optional<double>>(),
           nb::arg("policy"), nb::arg("n"), nb::arg("features").none(), nb::arg("price").none())
      .def("wanted", &Decisions::wanted)
      .def("record", &Decisions::record)
      .def("probabilities", &Decisions::probabilities)
      .def("classes", &Decisions::classes)
      .def("confidences", &Decisions::confidences)
      .def("models", &Decisions::models)
      .def("looks", &Decisions::looks)
      .def("costs", &Decisions::costs);
}

}  // namespace triage::python
