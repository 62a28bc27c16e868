// Many inputs on several threads, their results in order.
#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <thread>

#include "base/parallel.h"
#include "base/stop.h"
#include "triage/classifier.h"
#include "triage/error.h"
#include "triage/policy.h"

namespace triage {
namespace {

bool asks_for_time(const ManyOptions& options) {
  return (options.stream && !std::isinf(options.stream->mean_latency_ms)) ||
         !std::isinf(options.request.max_latency_ms);
}

unsigned threads_for(const ManyOptions& options) {
  if (options.threads > 1 && options.stream) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format("threads: {} with a stream, expected 1: what an input gets depends on those before it, "
                    "by mean_latency_ms or reuse",
                    options.threads));
  }
  if (options.threads > 0) return options.threads;
  return options.stream || asks_for_time(options) ? 1 : default_threads();
}

// The networks that the requests need: before the first input where their time counts, else beside it.
std::jthread load_networks(const Classifier& classifier, const ManyOptions& options, std::size_t count) {
  if (options.preload || asks_for_time(options)) {
    classifier.warm_up_for(options.request);
    return {};
  }
  if (count < 2) return {};
  return std::jthread([&classifier, request = options.request](const std::stop_token& stop) {
    try {
      classifier.warm_up_for(request, stop);
    } catch (...) {
      // The input that needs that network loads it again, and throws in its turn.
    }
  });
}

// Nothing where that is this input's error.
std::optional<Image> load_image(const std::function<Image(std::size_t)>& load, std::size_t i,
                                Classified& classified) {
  try {
    Image image = load(i);
    classified.remark = std::move(image.remark);
    return image;
  } catch (const Error& error) {
    if (!is_image_error(error.code()) && error.code() != ErrorCode::kIo && error.code() != ErrorCode::kData)
      throw;
    classified.error = error;
    return std::nullopt;
  }
}

}  // namespace

void Classifier::classify_many(std::size_t count, const std::function<Image(std::size_t)>& load,
                               const std::function<void(std::size_t, Classified&)>& take,
                               const ManyOptions& options, const std::stop_token& stop) const {
  check_request(*policy(), options.request);
  std::optional<Stream> stream;
  if (options.stream) stream.emplace(*policy(), *options.stream);
  const unsigned threads = threads_for(options);
  const std::jthread networks = load_networks(*this, options, count);
  for_each_in_order(count, threads, [&](std::size_t i) -> std::function<void()> {
    throw_if_stopped(stop, "classify");
    auto done = std::make_shared<Classified>();
    done->request = options.request;
    if (stream) done->request.price = stream->request().price;
    const Stopwatch watch(runtime()->clock());
    if (const auto image = load_image(load, i, *done)) {
      const double decode_ms = watch.ms();
      Request request = done->request;
      request.spent_ms += decode_ms;
      done->result =
          stream ? stream->classify(*this, *image, request, stop) : classify(*image, request, stop);
      done->result.decode_ms = decode_ms;
    }
    return [&take, i, done] { take(i, *done); };
  });
}

}  // namespace triage
