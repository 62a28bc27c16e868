#include "serve/served_models.h"

#include <fmt/format.h>

#include <utility>

#include "base/hash.h"
#include "triage/error.h"

namespace triage {
namespace {

void check_share(const std::optional<SecondPolicy>& second) {
  if (!second || (second->share >= 0 && second->share <= 1)) return;
  throw Error(ErrorCode::kUsage, fmt::format("{}: a share of {}, expected one of the requests, 0 to 1",
                                             second->policy.string(), second->share));
}

}  // namespace

bool is_in_share(std::string_view request_id, double share) {
  constexpr std::uint64_t kSeed = 0x5EC0;
  return static_cast<double>(hash64(kSeed, request_id) >> 11) * 0x1.0p-53 < share;
}

ServedModels::ServedModels(const ServeOptions& options, std::shared_ptr<Runtime> runtime)
    : options_(&options),
      runtime_(std::move(runtime)),
      name_(options.name.empty() ? options.policy.stem().string() : options.name) {
  check_share(options.canary);
  check_share(options.shadow);
  now_ = load();
}

std::shared_ptr<const ServedSet> ServedModels::now() const {
  const std::lock_guard lock(mutex_);
  return now_;
}

std::shared_ptr<const ServedModel> ServedModels::load_policy_file(const std::filesystem::path& path) const {
  std::shared_ptr<const Policy> policy = load_policy(path);
  if (is_of_table(*policy)) {
    return std::make_shared<const ServedModel>(served_chooser(name_, std::move(policy)));
  }
  if (runtime_ == nullptr) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format("{}: decides on images, expected the zoo of its networks; name it", path.string()));
  }
  auto model = std::make_shared<const ServedModel>(served_policy(name_, std::move(policy), runtime_));
  model->classifier->warm_up();
  return model;
}

std::shared_ptr<const ServedSet> ServedModels::load() const {
  auto set = std::make_shared<ServedSet>();
  set->main = load_policy_file(options_->policy);
  if (options_->canary) set->canary = load_policy_file(options_->canary->policy);
  if (options_->shadow) set->shadow = load_policy_file(options_->shadow->policy);
  if (runtime_ == nullptr || !options_->networks) return set;
  const Zoo& zoo = runtime_->zoo();
  for (std::size_t i = 0; i < zoo.models.size(); ++i) {
    if (zoo.models[i].role != Role::kClassifier || zoo.models[i].name == name_) continue;
    set->networks[zoo.models[i].name] =
        std::make_shared<const ServedModel>(served_network(runtime_, static_cast<ModelIndex>(i)));
  }
  return set;
}

void ServedModels::reload(const std::function<void(const ServedSet&)>& before) {
  const std::lock_guard one_at_a_time(loading_);
  std::shared_ptr<const ServedSet> next = load();
  before(*next);
  const std::lock_guard lock(mutex_);
  now_ = std::move(next);
}

std::shared_ptr<const ServedModel> ServedModels::find(std::string_view name, std::string_view version,
                                                      std::string_view request_id) const {
  const auto set = now();
  std::shared_ptr<const ServedModel> found;
  if (name == name_) {
    const bool is_canary =
        set->canary != nullptr && (version.empty() ? is_in_share(request_id, options_->canary->share)
                                                   : version == set->canary->version);
    found = is_canary ? set->canary : set->main;
  } else if (const auto network = set->networks.find(name); network != set->networks.end()) {
    found = network->second;
  }
  return found != nullptr && (version.empty() || version == found->version) ? found : nullptr;
}

std::vector<std::shared_ptr<const ServedModel>> ServedModels::all() const {
  const auto set = now();
  std::vector<std::shared_ptr<const ServedModel>> models{set->main};
  if (set->canary != nullptr) models.push_back(set->canary);
  for (const auto& [name, network] : set->networks) models.push_back(network);
  return models;
}

}  // namespace triage
