// A fake zoo, a policy on it and a picture: what tests of the server start from.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "serve/served_model.h"
#include "support/fake_zoo.h"
#include "triage/policy.h"
#include "triage/runtime.h"
#include "triage/tools/serve.h"

namespace triage::testing {

struct ServedFixture {
  TempFolder dir;
  std::filesystem::path zoo = write_fake_zoo(dir.path(), {{.name = "small", .accuracy = 0.6},
                                                          {.name = "large", .accuracy = 1.0},
                                                          {.name = "slow", .ms = 30},
                                                          {.name = "broken", .fail_every = 1}});
  std::shared_ptr<Runtime> runtime = Runtime::load(zoo, {.cache_dir = ""});

  // A policy that runs one model, as a file.
  std::filesystem::path policy(const std::string& model, const std::string& file = "p.triage") const {
    const Zoo& all = runtime->zoo();
    const ModelSpec& spec = all.models[static_cast<std::size_t>(all.find(model))];
    PolicyInfo info;
    info.models.push_back({ModelId(model, spec.fingerprint())});
    info.models.back().mean_ms = model == "slow" ? 30 : 0.01;
    info.n_classes = spec.output.n_classes;
    std::filesystem::path path = dir.path() / file;
    save_policy(*make_single(std::move(info), 0), path);
    return path;
  }
  std::shared_ptr<const ServedModel> model(const std::string& name) const {
    return std::make_shared<const ServedModel>(served_policy(name, load_policy(policy(name)), runtime));
  }
  // Of `n` pictures of classes 0, 1, ...
  static InferRequest pixels(std::size_t n) {
    InferRequest request;
    Tensor& tensor = request.inputs.emplace_back();
    tensor = {.name = "image",
              .type = Datatype::kUint8,
              .shape = {static_cast<std::int64_t>(n), 28, 28, 1},
              .data = {}};
    for (std::size_t i = 0; i < n; ++i) {
      const Image image = fake_image(static_cast<Label>(i % 10), i);
      tensor.data.append(reinterpret_cast<const char*>(image.pixels.data()), image.pixels.size());
    }
    return request;
  }
};

// What a server on it is made of, and what it logs.
struct ServingFixture : ServedFixture {
  std::mutex mutex;
  std::string log;  // guarded by mutex

  ServeOptions options(const std::string& model = "large") {
    ServeOptions all;
    all.policy = policy(model);
    all.zoo = zoo;
    all.name = "fashion";
    all.runtime.cache_dir = "";
    all.load.workers = 2;
    all.log = [this](std::string_view lines) {
      const std::lock_guard lock(mutex);
      log += lines;
      return true;
    };
    return all;
  }
  std::string logged() {
    const std::lock_guard lock(mutex);
    return log;
  }
};

}  // namespace triage::testing
