// The short way in: load a policy and a zoo, classify images.
//
//   const auto classifier = triage::Classifier::load("out/demo/adaptive.triage", "zoo/fashion/zoo.json");
//   const triage::Result result = classifier.classify_file("shoe.png");
//   std::cout << classifier.label_name(result.label()) << '\n';
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "triage/error.h"
#include "triage/image.h"
#include "triage/request.h"
#include "triage/result.h"
#include "triage/runtime.h"

namespace triage {

class Policy;

// Of Classifier::classify_many.
struct ManyOptions {
  Request request;  // to each input; its time runs from loading its image on
  // They are a stream, one after the other: with a mean time each request's price is the stream's; with reuse
  // they are frames in order.
  std::optional<StreamOptions> stream = std::nullopt;
  unsigned threads = 0;  // inputs at once; 0: one per core, and 1 where a latency is asked for
  // Load all networks that the requests need before the first input, not beside it. So it is where a latency
  // is asked for.
  bool preload = false;
};
struct Classified {
  Request request;  // as it was asked
  Result result;
  std::string remark;          // Image::remark
  std::optional<Error> error;  // why there is no result
};

// A policy on a runtime. Safe concurrently: each call borrows its own networks, and works with the policy
// that was set when it began. A copy shares everything with its original.
class Classifier {
 public:
  // Throws kPolicy unless every model of the policy is in the zoo with the same fingerprint. Networks are
  // loaded on first use; `warm_up` loads them before.
  Classifier(std::shared_ptr<const Policy> policy, std::shared_ptr<Runtime> runtime);
  // Both from files, with a runtime of its own. Throws kIo, kPolicy, kManifest.
  [[nodiscard]] static Classifier load(const std::filesystem::path& policy, const std::filesystem::path& zoo,
                                       const RuntimeOptions& options = {});

  // The request's deadline and `stop` are checked between two looks: see Result::limit. Throws kUsage for an
  // empty view and as check_request does; kModel, kEngine, kIo, kManifest where a network cannot be loaded or
  // run.
  [[nodiscard]] Result classify(const ImageView& image, const Request& request = {},
                                const std::stop_token& stop = {}) const;
  // The same into a result that is used again, whatever it held: so that, once warm, nothing is allocated
  // (but what the engine and the observer do; and features of an image above the policy's working size).
  void classify_into(const ImageView& image, Result& result, const Request& request = {},
                     const std::stop_token& stop = {}) const;
  // From an encoded image; decoding counts as elapsed. `name` is what messages call it. Throws as
  // decode_image too.
  [[nodiscard]] Result classify_bytes(std::span<const std::uint8_t> bytes, const Request& request = {},
                                      const std::stop_token& stop = {},
                                      std::string_view name = "image") const;
  // The same from a file. Throws as read_image too.
  [[nodiscard]] Result classify_file(const std::filesystem::path& path, const Request& request = {},
                                     const std::stop_token& stop = {}) const;
  // Many images in step, so that a network gets all that want it at once (Network::run_batch). Each has the
  // result that it would have alone, times aside: elapsed_ms runs from the call on for all of them, and a
  // batch's time is shared equally. An exception from one of them ends the call.
  [[nodiscard]] std::vector<Result> classify_batch(std::span<const ImageView> images,
                                                   const Request& request = {},
                                                   const std::stop_token& stop = {}) const;

  // Many inputs on several threads, in bounded memory: `load(i)` gives the image of input i < `count`, on any
  // of the threads; `take(i, ...)` gets what came of it, on the calling one, in order. An image that cannot
  // be loaded (kImage..., kIo, kData) is that input's error; anything else ends the call when its turn comes.
  // A stop throws kInterrupted. Throws as check_request and Stream do, and kUsage for several threads with a
  // stream.
  void classify_many(std::size_t count, const std::function<Image(std::size_t)>& load,
                     const std::function<void(std::size_t, Classified&)>& take,
                     const ManyOptions& options = {}, const std::stop_token& stop = {}) const;

  // Loads `copies` of every network that the policy may run, as far as the runtime's limits allow.
  void warm_up(std::size_t copies = 1) const;
  // Loads those that such requests need, once each, in the order in which they look where that is fixed; in a
  // thread of its own, beside the first calls, which wait for a network that is being loaded rather than load
  // it too. `stop` is looked at between two networks.
  void warm_up_for(const Request& request, const std::stop_token& stop = {}) const;

  // Another policy for all calls that begin from now on, in all copies of this classifier; those under way
  // end with theirs. Throws as the constructor, with nothing changed.
  void set_policy(std::shared_ptr<const Policy> policy);
  [[nodiscard]] std::shared_ptr<const Policy> policy() const;
  // How much slower networks run of late than the policy's times say, 1 or more, as single calls have seen.
  // Their latency caps and deadlines allow for it; batches neither learn nor use it. A new policy begins
  // with 1.
  [[nodiscard]] double load_factor() const;
  // How classify_file and classify_bytes decode: within the runtime's limits, at no less than twice the size
  // that the models of its zoo and the policy's features take. With them read_image gives the picture that
  // classify_file sees.
  [[nodiscard]] DecodeOptions decode_options() const;
  [[nodiscard]] const Zoo& zoo() const;
  [[nodiscard]] const std::shared_ptr<Runtime>& runtime() const;
  // The class's name, by the zoo's labels file, else by what the policy was trained on; its number when
  // neither has names; "none" for kNoLabel.
  [[nodiscard]] std::string label_name(Label label) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace triage
