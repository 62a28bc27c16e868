#include "learn/premodel/svm.h"

#include <libsvm/svm.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <stop_token>

#include "base/check.h"
#include "base/stop.h"
#include "table/row_order.h"

namespace triage {
namespace {

// A higher price of mistakes takes long, and noisy labels do not deserve it.
constexpr std::array<double, 2> kC{1, 10};
constexpr std::array<double, 3> kGamma{0.5, 2, 8};
constexpr double kCacheMegabytes = 200;
constexpr double kTolerance = 1e-3;  // libsvm's and scikit-learn's own

struct FreeModel {
  void operator()(svm_model* model) const { svm_free_and_destroy_model(&model); }
};
using Model = std::unique_ptr<svm_model, FreeModel>;

// libsvm's form of the rows: lists of (index from 1, value), ended by index -1. Rows come in the order of
// their classes, so that libsvm, which numbers classes in order of appearance, numbers them as we do.
struct Problem {
  explicit Problem(const LabelledRows& rows) {
    auto order = first_positions(rows.n());
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return rows.labels[a] < rows.labels[b]; });
    nodes.reserve(rows.n() * (rows.d + 1));
    for (const std::uint32_t i : order) {
      const auto row = rows.row(i);
      starts.push_back(nodes.data() + nodes.size());
      for (std::size_t f = 0; f < rows.d; ++f) {
        nodes.push_back({static_cast<int>(f) + 1, static_cast<double>(row[f])});
      }
      nodes.push_back({-1, 0});
      labels.push_back(rows.labels[i]);
    }
    problem = {static_cast<int>(rows.n()), labels.data(), starts.data()};
  }

  std::vector<svm_node> nodes;
  std::vector<svm_node*> starts;
  std::vector<double> labels;
  svm_problem problem{};
};

svm_parameter parameters(const SvmOptions& options) {
  svm_parameter parameter{};
  parameter.svm_type = C_SVC;
  parameter.kernel_type = RBF;
  parameter.gamma = options.gamma;
  parameter.C = options.c;
  parameter.cache_size = kCacheMegabytes;
  parameter.eps = kTolerance;
  parameter.shrinking = 1;
  return parameter;
}

Model fit(const Problem& problem, const SvmOptions& options) {
  // libsvm reports progress on stdout unless told otherwise; setting the same function again is harmless.
  static const bool silent = [] {
    svm_set_print_string_function([](const char*) {});
    return true;
  }();
  TRIAGE_CHECK(silent);
  const svm_parameter parameter = parameters(options);
  const char* error = svm_check_parameter(&problem.problem, &parameter);
  TRIAGE_CHECK(error == nullptr);
  return Model(svm_train(&problem.problem, &parameter));
}

SvmChooser flatten(const svm_model& model, std::size_t d, double gamma) {
  SvmChooser svm;
  svm.gamma = static_cast<float>(gamma);
  const auto n_classes = static_cast<std::size_t>(model.nr_class);
  const auto n_vectors = static_cast<std::size_t>(model.l);
  for (std::size_t i = 0; i < n_classes; ++i) {
    svm.classes.push_back(static_cast<std::uint8_t>(model.label[i]));
    svm.counts.push_back(model.nSV[i]);
  }
  svm.vectors.resize(d * n_vectors);
  for (std::size_t v = 0; v < n_vectors; ++v) {
    for (std::size_t f = 0; f < d; ++f) {
      svm.vectors[f * n_vectors + v] = static_cast<float>(model.SV[v][f].value);
    }
  }
  for (std::size_t other = 0; other + 1 < n_classes; ++other) {
    for (std::size_t v = 0; v < n_vectors; ++v) {
      svm.coefficients.push_back(static_cast<float>(model.sv_coef[other][v]));
    }
  }
  for (std::size_t pair = 0; pair < n_classes * (n_classes - 1) / 2; ++pair) {
    svm.rho.push_back(static_cast<float>(model.rho[pair]));
  }
  return svm;
}

SvmChooser always(std::uint8_t label) {
  SvmChooser svm;
  svm.classes = {label};
  svm.counts = {0};
  return svm;
}

std::size_t count_right(const SvmChooser& svm, const LabelledRows& rows,
                        std::span<const std::uint32_t> test) {
  return static_cast<std::size_t>(std::count_if(test.begin(), test.end(), [&](std::uint32_t i) {
    return choose(svm, rows.row(i)).label == rows.labels[i];
  }));
}

}  // namespace

SvmChooser train_svm(const LabelledRows& rows, const SvmOptions& options) {
  TRIAGE_CHECK(rows.n() > 0 && rows.values.size() == rows.n() * rows.d);
  const auto [low, high] = std::minmax_element(rows.labels.begin(), rows.labels.end());
  if (*low == *high) return always(*low);
  const Problem problem(rows);
  return flatten(*fit(problem, options), rows.d, options.gamma);
}

SvmSearch search_svm_options(const LabelledRows& rows, std::uint64_t seed, std::stop_token stop) {
  if (!has_inner_folds(rows)) return {{}, std::numeric_limits<double>::quiet_NaN()};
  std::array<std::size_t, kC.size() * kGamma.size()> right{};
  const auto order = shuffled_indices(rows.n(), seed);
  for (const auto& [train, test] : inner_folds(order, rows.groups)) {
    const OwnedRows fitted = take_rows(rows, train);
    for (std::size_t i = 0; i < right.size(); ++i) {
      throw_if_stopped(stop, "premodel");
      const SvmOptions options{kC[i / kGamma.size()], kGamma[i % kGamma.size()]};
      right[i] += count_right(train_svm(fitted.view(), options), rows, test);
    }
  }
  const auto best = static_cast<std::size_t>(std::max_element(right.begin(), right.end()) - right.begin());
  return {{kC[best / kGamma.size()], kGamma[best % kGamma.size()]},
          static_cast<double>(right[best]) / static_cast<double>(rows.n())};
}

}  // namespace triage
