// A data set's inputs, perturbed: for profiles that training is to hold up by.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "triage/error.h"
#include "triage/tools/perturb.h"

namespace triage {
namespace {

class PerturbedDataset final : public Dataset {
 public:
  PerturbedDataset(std::unique_ptr<Dataset> data, std::vector<Perturbation> perturbations)
      : data_(std::move(data)), perturbations_(std::move(perturbations)) {}

  [[nodiscard]] std::size_t size() const override { return data_->size() * perturbations_.size(); }
  [[nodiscard]] std::string id(std::size_t i) const override {
    return fmt::format("{}~{}", group(i), to_string(perturbation(i)));
  }
  [[nodiscard]] Label label(std::size_t i) const override { return data_->label(original(i)); }
  [[nodiscard]] Image load(std::size_t i, const DecodeOptions& options) const override {
    const Image image = data_->load(original(i), options);
    auto perturbed = perturb(image, perturbation(i));
    if (!perturbed) {
      throw Error(
          ErrorCode::kImageFormat,
          fmt::format("{}: cannot be made of {}x{} pixels, expected a size that allows it; leave this "
                      "perturbation out for such images",
                      id(i), image.width, image.height));
    }
    perturbed->remark = image.remark;
    return *std::move(perturbed);
  }
  [[nodiscard]] std::vector<std::string> label_names() const override { return data_->label_names(); }
  [[nodiscard]] LabelMapping label_mapping() const override { return data_->label_mapping(); }
  [[nodiscard]] std::string group(std::size_t i) const override { return data_->id(original(i)); }
  [[nodiscard]] std::optional<Resampling> resampling(std::size_t i) const override {
    const Perturbation& own = perturbation(i);
    return own.kind == PerturbationKind::kResample ? std::optional(own.resampling) : std::nullopt;
  }
  [[nodiscard]] std::string perturbations() const override {
    std::vector<std::string> names;
    for (const Perturbation& each : perturbations_) names.push_back(to_string(each));
    return fmt::format("{}", fmt::join(names, ","));
  }

 private:
  // Copies of one input follow one another.
  [[nodiscard]] std::size_t original(std::size_t i) const { return i / perturbations_.size(); }
  [[nodiscard]] const Perturbation& perturbation(std::size_t i) const {
    return perturbations_[i % perturbations_.size()];
  }

  std::unique_ptr<Dataset> data_;
  std::vector<Perturbation> perturbations_;
};

}  // namespace

std::unique_ptr<Dataset> perturbed_dataset(std::unique_ptr<Dataset> data,
                                           std::vector<Perturbation> perturbations) {
  if (perturbations.empty()) {
    throw Error(ErrorCode::kUsage, "perturbations: none, expected at least one, such as jpeg:75");
  }
  return std::make_unique<PerturbedDataset>(std::move(data), std::move(perturbations));
}

}  // namespace triage
