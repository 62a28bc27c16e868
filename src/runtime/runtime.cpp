#include "triage/runtime.h"

#include "runtime/pool.h"
#include "triage/engine.h"

namespace triage {

struct Runtime::State {
  State(Zoo zoo_in, const RuntimeOptions& options_in)
      : options(options_in),
        zoo(std::move(zoo_in)),
        clock(options.clock != nullptr ? options.clock : unowned(steady_clock())),
        engines({.cache_dir = options.cache_dir,
                 .clock = clock,
                 .on_remark =
                     [observer = options.observer](std::string_view text) {
                       if (observer != nullptr) observer->on_remark(text);
                     }}),
        pool(zoo, engines, options.pool, *clock, options.observer.get()) {}

  RuntimeOptions options;
  Zoo zoo;
  std::shared_ptr<Clock> clock;
  EngineSet engines;
  ModelPool pool;
};

Runtime::Runtime(Zoo zoo, const RuntimeOptions& options)
    : state_(std::make_unique<State>(std::move(zoo), options)) {}
Runtime::~Runtime() = default;

std::shared_ptr<Runtime> Runtime::load(const std::filesystem::path& zoo, const RuntimeOptions& options) {
  return std::make_shared<Runtime>(load_zoo(zoo), options);
}

const Zoo& Runtime::zoo() const { return state_->zoo; }
EngineSet& Runtime::engines() { return state_->engines; }
const Clock& Runtime::clock() const { return *state_->clock; }
PoolUse Runtime::pool_use() const { return state_->pool.use(); }
ModelPool& Runtime::pool() { return state_->pool; }
const RuntimeOptions& Runtime::options() const { return state_->options; }

}  // namespace triage
