#include "serve/infer_queue.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "base/parallel.h"
#include "triage/error.h"
#include "triage/image.h"

namespace triage {
namespace {

double ms_between(std::int64_t from_ns, std::int64_t to_ns) {
  return static_cast<double>(to_ns - from_ns) * 1e-6;
}

// Least time that any answer takes: of the fastest model that the policy may begin with.
double least_ms(const Policy& policy) {
  double least = std::numeric_limits<double>::infinity();
  for (const PolicyModel& model : policy.info().models) least = std::min(least, model.mean_ms);
  return std::isfinite(least) ? least : 0;
}

// A price higher than the policy's own by so much of the way (0 to 1) to its highest.
double price_under_load(const Policy& policy, double way) {
  const auto settings = policy.price_settings();
  const std::size_t usual = policy.default_setting().value_or(settings.size() / 2);
  const auto position = static_cast<std::size_t>(std::lround(static_cast<double>(usual) * (1 - way)));
  return settings[position].price;
}

std::size_t bytes_of(const InferRequest& request) {
  std::size_t bytes = 0;
  for (const Tensor& tensor : request.inputs) bytes += tensor.data.size();
  return bytes;
}

void mark_shed(InferJob& job, bool shed) {
  const std::lock_guard lock(job.mutex);
  job.shed = job.shed || shed;
}

}  // namespace

InferQueue::InferQueue(const InferQueueOptions& options, const Clock& clock)
    : options_(options), clock_(&clock) {
  const unsigned workers = options.workers == 0 ? default_threads() : options.workers;
  options_.workers = workers;
  options_.max_batch = std::max<std::size_t>(1, options.max_batch);
  for (unsigned i = 0; i < workers; ++i) threads_.emplace_back([this] { work(); });
}

InferQueue::~InferQueue() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = stopped_ = true;
    waiting_.clear();
  }
  wake_.notify_all();
}

double InferQueue::wait_ms_locked() const {
  const double ahead = static_cast<double>(waiting_.size()) +
                       0.5 * static_cast<double>(std::min<std::size_t>(running_, options_.workers));
  const bool is_free = waiting_.empty() && running_ < options_.workers;
  return is_free ? 0 : ahead * item_ms_ / options_.workers;
}

// Until a request's last input is done. Behind others it takes what inputs take of late, since its cap leaves
// it little choice then; alone it may be as fast as the fastest model.
double InferQueue::needed_ms_locked(const InferJob& job, double wait_ms) const {
  const double others = static_cast<double>(std::max<std::size_t>(1, job.images.size()) - 1);
  const double least = least_ms(*job.model->policy);
  const double own_wait_ms = wait_ms + others * item_ms_ / options_.workers;
  return own_wait_ms > 0 ? margin_ * (own_wait_ms + std::max(least, item_ms_)) : least;
}

std::optional<InferRefusal> InferQueue::submit(const std::shared_ptr<InferJob>& job) {
  check_request(*job->model->policy, job->wanted);
  const std::size_t items = std::max<std::size_t>(1, job->images.size());
  {
    const std::lock_guard lock(mutex_);
    const double wait_ms = wait_ms_locked();
    if (ending_) return InferRefusal{InferRefusal::Reason::kEnding, wait_ms};
    // A request of more than may ever wait is taken when nothing else waits.
    const std::size_t bytes = bytes_of(job->request);
    const bool has_room =
        waiting_.size() + items <= options_.capacity && held_bytes_ + bytes <= options_.capacity_bytes;
    if (!has_room && !waiting_.empty()) return InferRefusal{InferRefusal::Reason::kFull, wait_ms};
    const std::int64_t now = clock_->now_ns();
    const double gone_ms = ms_between(job->first_byte_ns, now);
    const double needed_ms = needed_ms_locked(*job, wait_ms);
    const double has_ms = job->wanted.max_latency_ms - gone_ms;
    if (needed_ms > has_ms) return InferRefusal{InferRefusal::Reason::kTooLate, wait_ms};
    const bool is_tight = needed_ms > has_ms / 2;
    job->left = items;
    job->bytes = bytes;
    held_bytes_ += bytes;
    job->results.resize(job->images.size());
    for (std::size_t i = 0; i < items; ++i) waiting_.push_back({job, i, now, is_tight && i + 1 == items});
  }
  if (items == 1) {
    wake_.notify_one();
  } else {
    wake_.notify_all();
  }
  return std::nullopt;
}

InferQueueUse InferQueue::use() const {
  const std::lock_guard lock(mutex_);
  return {waiting_.size(), wait_ms_locked()};
}

bool InferQueue::drain(std::chrono::milliseconds grace) {
  std::unique_lock lock(mutex_);
  ending_ = true;
  return idle_.wait_for(lock, grace, [this] { return waiting_.empty() && running_ == 0; });
}

// The first that waits, with those behind it that may run in the same batch.
std::vector<InferQueue::Item> InferQueue::take() {
  std::vector<Item> items;
  const auto next = [&] {
    items.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  };
  next();
  const InferJob& first = *items.front().job;
  const auto fits = [&](const InferJob& job) {
    return !job.images.empty() && job.model == first.model && job.wanted.is_default() && !job.wanted.explain;
  };
  // What fits other threads better is left to them: a batch serves only when more waits than there are
  // threads.
  const std::size_t share = 1 + waiting_.size() / options_.workers;
  while (fits(first) && !waiting_.empty() && items.size() < std::min(options_.max_batch, share) &&
         fits(*waiting_.front().job)) {
    next();
  }
  return items;
}

void InferQueue::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
    if (stopped_) return;
    std::vector<Item> items = take();
    running_ += items.size();
    lock.unlock();
    const std::int64_t begin = clock_->now_ns();
    run(items);
    const std::int64_t end = clock_->now_ns();
    const std::size_t n = items.size();
    lock.lock();
    learn_locked(items, begin, end);
    lock.unlock();
    items.clear();  // whatever the last reference to a job frees
    lock.lock();
    running_ -= n;
    if (waiting_.empty() && running_ == 0) idle_.notify_all();
  }
}

void InferQueue::learn_locked(const std::vector<Item>& items, std::int64_t begin_ns, std::int64_t end_ns) {
  constexpr double kNew = 0.05;  // share of the newest in the mean
  const double each_ms = ms_between(begin_ns, end_ns) / static_cast<double>(items.size());
  item_ms_ = item_ms_ == 0 ? each_ms : (1 - kNew) * item_ms_ + kNew * each_ms;
  // Raised by each that was too late, and lowered by the others so little that one in a thousand is.
  constexpr double kUp = 1.05, kDown = 1 - 5e-5, kLeast = 1.2, kMost = 5;
  for (const Item& item : items) {
    if (!item.is_tight) continue;
    const bool is_late = ms_between(item.job->first_byte_ns, end_ns) > item.job->wanted.max_latency_ms;
    margin_ = std::clamp(margin_ * (is_late ? kUp : kDown), kLeast, kMost);
  }
}

// What is asked for now: what has gone by counts, and prices rise with the load.
Request InferQueue::request_of(const Item& item, double wait_ms) {
  InferJob& job = *item.job;
  Request request = job.wanted;
  request.spent_ms = ms_between(job.first_byte_ns, clock_->now_ns());
  const double over = wait_ms / options_.shed_wait_ms;
  if (over > 1 && std::isnan(request.price) && job.model->policy->has_prices()) {
    request.price = price_under_load(*job.model->policy, std::min(1.0, (over - 1) / 2));
    mark_shed(job, true);
  }
  return request;
}

void InferQueue::run(std::vector<Item>& items) {
  const std::int64_t now = clock_->now_ns();
  for (const Item& item : items) {
    InferJob& job = *item.job;
    const std::lock_guard lock(job.mutex);
    job.queue_ms = std::max(job.queue_ms, ms_between(item.since_ns, now));
    job.largest_batch = std::max(job.largest_batch, items.size());
  }
  if (items.front().job->images.empty()) {
    InferJob& job = *items.front().job;
    std::exception_ptr error;
    try {
      job.choices = choices_of(*job.model, job.request, job.wanted);
    } catch (...) {
      error = std::current_exception();
    }
    return finish(items.front(), error);
  }
  run_images(items);
}

void InferQueue::run_images(std::vector<Item>& items) {
  if (items.size() > 1) return run_together(items);
  const Item& item = items.front();
  InferJob& job = *item.job;
  std::exception_ptr error;
  try {
    const Request request = request_of(item, use().wait_ms);
    if (request.spent_ms > request.max_latency_ms) {
      const std::lock_guard lock(job.mutex);
      job.is_late = true;
    } else {
      const ServedImage& image = job.images[item.position];
      Result& result = job.results[item.position];
      if (image.encoded.empty()) {
        job.model->classifier->classify_into(image.pixels, result, request);
      } else {
        result = job.model->classifier->classify_bytes(image.encoded, request, {}, "the picture");
      }
    }
  } catch (...) {
    error = std::current_exception();
  }
  finish(item, error);
}

// Decodes each, so that one that is damaged is its own request's error, and runs the rest in step.
void InferQueue::run_together(std::vector<Item>& items) {
  const Classifier& classifier = *items.front().job->model->classifier;
  std::vector<Image> decoded(items.size());
  std::vector<std::exception_ptr> errors(items.size());
  std::vector<double> decode_ms(items.size());
  std::vector<std::size_t> good;
  std::vector<ImageView> views;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const ServedImage& image = items[i].job->images[items[i].position];
    try {
      const Stopwatch watch(*clock_);
      if (!image.encoded.empty()) {
        decoded[i] = decode_image(image.encoded, "the picture", classifier.decode_options());
        decode_ms[i] = watch.ms();
      }
      views.push_back(image.encoded.empty() ? image.pixels : ImageView(decoded[i]));
      good.push_back(i);
    } catch (...) {
      errors[i] = std::current_exception();
    }
  }
  try {
    Request request = request_of(items.front(), use().wait_ms);
    for (const Item& item : items) mark_shed(*item.job, !std::isnan(request.price));
    std::vector<Result> results;
    if (!views.empty()) results = classifier.classify_batch(views, request);
    for (std::size_t i = 0; i < good.size(); ++i) {
      results[i].decode_ms = decode_ms[good[i]];
      const Item& item = items[good[i]];
      item.job->results[item.position] = std::move(results[i]);
    }
  } catch (...) {
    for (const std::size_t i : good) errors[i] = std::current_exception();
  }
  for (std::size_t i = 0; i < items.size(); ++i) finish(items[i], errors[i]);
}

void InferQueue::finish(const Item& item, const std::exception_ptr& error) {
  InferJob& job = *item.job;
  {
    const std::lock_guard lock(job.mutex);
    if (error && !job.error) job.error = error;
    if (--job.left > 0) return;
  }
  {
    const std::lock_guard lock(mutex_);
    held_bytes_ -= job.bytes;
  }
  try {
    job.done(job);
  } catch (const std::exception&) {
    // No memory for the response, most likely. What would have sent it goes with the job, and with that the
    // connection; the thread goes on.
  }
}

}  // namespace triage
