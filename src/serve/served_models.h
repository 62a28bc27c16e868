// All that a server answers by: loaded as a whole, warmed up, and only then put in the place of what was
// there.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "serve/served_model.h"
#include "triage/tools/serve.h"

namespace triage {

// One state of it; never changes.
struct ServedSet {
  std::shared_ptr<const ServedModel> main;
  std::shared_ptr<const ServedModel> canary, shadow;  // null: none
  std::map<std::string, std::shared_ptr<const ServedModel>, std::less<>> networks;
};

// Safe concurrently.
class ServedModels {
 public:
  // Throws as Server. `options` and `runtime` (null: there is no zoo) outlive it.
  ServedModels(const ServeOptions& options, std::shared_ptr<Runtime> runtime);

  [[nodiscard]] std::shared_ptr<const ServedSet> now() const;
  // `before` gets the new ones before they answer. Throws as Server::reload and `before`, with nothing
  // changed.
  void reload(const std::function<void(const ServedSet&)>& before);
  // Who answers a request for `name` in `version` (empty: any), by its id; null: nobody of that name.
  [[nodiscard]] std::shared_ptr<const ServedModel> find(std::string_view name, std::string_view version,
                                                        std::string_view request_id) const;
  // The policy first.
  [[nodiscard]] std::vector<std::shared_ptr<const ServedModel>> all() const;

 private:
  [[nodiscard]] std::shared_ptr<const ServedSet> load() const;
  [[nodiscard]] std::shared_ptr<const ServedModel> load_policy_file(const std::filesystem::path& path) const;

  const ServeOptions* options_;
  std::shared_ptr<Runtime> runtime_;
  std::string name_;
  std::mutex loading_;
  mutable std::mutex mutex_;  // guards now_
  std::shared_ptr<const ServedSet> now_;
};

// Whether a request of this id is among the share.
[[nodiscard]] bool is_in_share(std::string_view request_id, double share);

}  // namespace triage
