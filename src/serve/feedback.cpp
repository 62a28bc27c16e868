#include "serve/feedback.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "triage/error.h"

namespace triage {
namespace {

using Json = nlohmann::json;
using Milliseconds = std::chrono::milliseconds;

// For how long inputs are gathered, so that they share a transaction.
constexpr Milliseconds kGathered{50};
constexpr std::size_t kEnough = 2'000;

std::int64_t epoch_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<Milliseconds>(now).count();
}

const FeedbackOptions& checked(const FeedbackOptions& options) {
  const auto refuse = [](std::string_view what, std::string_view expected) {
    throw Error(ErrorCode::kUsage, fmt::format("feedback: {} out of range, expected {}", what, expected));
  };
  if (!(options.days > 0)) refuse("days", "above 0");
  if (options.rows < 1) refuse("rows", "1 or more");
  if (!(options.explore >= 0 && options.explore <= 1)) refuse("explore", "a share, 0 to 1");
  if (!(options.false_alarm >= 1e-6 && options.false_alarm < 1)) {
    refuse("false_alarm", "a probability from 1e-6 to below 1");
  }
  if (options.reference < 1) refuse("reference", "1 or more");
  return options;
}

std::string asked_json(const Request& request) {
  if (request.is_default()) return "{}";
  Json json = Json::object();
  const auto put = [&](const char* name, double value) {
    if (std::isfinite(value)) json[name] = value;
  };
  put("max_latency_ms", request.max_latency_ms);
  put("max_energy_j", request.max_energy_j);
  put("price", request.price);
  if (request.min_confidence > 0) json["min_confidence"] = request.min_confidence;
  return json.dump();
}

}  // namespace

std::string_view to_string(FeedbackStatus status) {
  switch (status) {
    case FeedbackStatus::kKept:
      return "kept";
    case FeedbackStatus::kSame:
      return "same";
    case FeedbackStatus::kChanged:
      return "changed";
    case FeedbackStatus::kUnknown:
      return "unknown";
    case FeedbackStatus::kInvalid:
      return "invalid";
    case FeedbackStatus::kLost:
      break;
  }
  return "lost";
}

Feedback::Feedback(const FeedbackOptions& options, FeedbackObserver observer)
    : options_(checked(options)), observer_(std::move(observer)), store_(options.path) {
  next_id_ = store_.newest() + 1;
  thread_ = std::thread([this] { run(); });
}

Feedback::~Feedback() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Feedback::serve(std::vector<std::shared_ptr<const FeedbackVersion>> versions) {
  {
    const std::lock_guard lock(mutex_);
    for (auto& before : served_) {
      const bool goes_on = std::any_of(versions.begin(), versions.end(),
                                       [&](const auto& version) { return version->model == before->model; });
      if (!goes_on) ended_.push_back(std::move(before));
    }
    while (ended_.size() > 2) ended_.erase(ended_.begin());
    served_ = versions;
  }
  static_cast<void>(push(Served{std::move(versions)}, true));
}

std::shared_ptr<const FeedbackVersion> Feedback::version_of(const ServedModel& model) const {
  const std::lock_guard lock(mutex_);
  for (const auto* versions : {&served_, &ended_}) {
    for (const auto& version : *versions) {
      if (version->model.get() == &model) return version;
    }
  }
  return nullptr;
}

bool Feedback::push(Event event, bool is_urgent) {
  bool wakes = false;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kMostWaiting || ending_) return false;
    wakes = waiting_.empty() || waiting_.size() == kEnough || (is_urgent && !is_urgent_);
    is_urgent_ = is_urgent_ || is_urgent;
    waiting_.push_back(std::move(event));
  }
  if (wakes) wake_.notify_one();
  return true;
}

void Feedback::record(const std::shared_ptr<const FeedbackVersion>& version, InferJob& job,
                      const std::string& request_id) {
  const std::size_t n = job.results.size();
  job.feedback_id = next_id_.fetch_add(static_cast<std::int64_t>(n));
  const std::int64_t now_ms = epoch_ms();
  const std::string asked = asked_json(job.wanted);
  for (std::size_t i = 0; i < n; ++i) {
    const Result& result = job.results[i];
    Kept kept{version,
              {.id = job.feedback_id + static_cast<std::int64_t>(i),
               .request_id = request_id,
               .position = i,
               .time_ms = now_ms,
               .asked = asked,
               .is_default = job.wanted.is_default() && !job.shed,
               .explore_share = version->explorers.empty() ? 0 : options_.explore,
               .answer = result.answer,
               .model = result.model,
               .looks = result.looks,
               .features = result.features,
               .total = result.total,
               .limit = result.limit,
               .certified = result.certified}};
    if (!push(std::move(kept), false)) ++lost_;
  }
}

bool Feedback::is_explored(std::int64_t id) const { return explore_number(id) < options_.explore; }

void Feedback::add_explored(std::shared_ptr<const FeedbackVersion> version, std::int64_t id,
                            std::vector<ExploredLook> looks) {
  static_cast<void>(push(Explored{std::move(version), id, std::move(looks)}, false));
}

void Feedback::tell(std::vector<FeedbackItem> items, const std::function<void(const Statuses&)>& done) {
  const Statuses lost(items.size(), FeedbackStatus::kLost);
  if (!push(Told{std::move(items), done, {}}, true)) done(lost);
}

void Feedback::ask(const std::function<void(const Json&)>& done) {
  if (!push(Asked{done}, true)) done(Json::object());
}

std::vector<FeedbackAlarm> Feedback::alarms() const {
  const std::lock_guard lock(mutex_);
  return alarms_;
}

// ---- on the thread ----

void Feedback::run() {
  std::unique_lock lock(mutex_);
  std::deque<Event> events;
  while (true) {
    wake_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    wake_.wait_for(lock, kGathered, [this] { return ending_ || is_urgent_ || waiting_.size() >= kEnough; });
    std::swap(events, waiting_);
    is_urgent_ = false;
    lock.unlock();
    work(events);
    events.clear();  // and what they hold
    lock.lock();
  }
}

void Feedback::work(std::deque<Event>& events) {
  std::map<std::int64_t, FeedbackTally> before;
  for (const auto& [number, figures] : figures_) before.emplace(number, figures.tally());
  try {
    write(events);
    is_failing_ = false;
    for (const Event& event : events) {
      if (const auto* kept = std::get_if<Kept>(&event)) look_for_drift(*kept);
    }
  } catch (const std::exception& error) {
    store_.roll_back();
    std::erase_if(numbers_, [&](const auto& each) { return !before.contains(each.second); });
    std::erase_if(figures_, [&](const auto& each) { return !before.contains(each.first); });
    for (const auto& [number, tally] : before) figures_.at(number).set_tally(tally);
    give_up(events, error.what());
  }
  changed_.clear();
  if (const std::size_t lost = lost_.exchange(0); lost > 0) {
    lost_so_far_ += lost;
    observer_.lost(lost);
  }
  publish_alarms();
  for (Event& event : events) {
    if (auto* told = std::get_if<Told>(&event)) {
      for (const FeedbackStatus status : told->statuses) observer_.told(status, 1);
      told->done(told->statuses);
    } else if (auto* asked = std::get_if<Asked>(&event)) {
      asked->done(summary());
    }
  }
}

void Feedback::write(std::deque<Event>& events) {
  store_.begin();
  for (Event& event : events) {
    std::visit(
        [this](auto& each) {
          if constexpr (!std::is_same_v<std::decay_t<decltype(each)>, Asked>) apply(each);
        },
        event);
  }
  for (const auto& [number, inputs] : changed_) store_.save_figures(number, figures_.at(number).saved());
  store_.forget(epoch_ms() - static_cast<std::int64_t>(options_.days * 86'400e3), options_.rows);
  store_.commit();
}

std::int64_t Feedback::number_of(const FeedbackVersion& version) {
  const auto found = numbers_.find(version.facts.version);
  if (found != numbers_.end()) return found->second;
  const std::int64_t number =
      store_.add_policy(version.facts.version, explores_key(version.facts), facts_json(version.facts));
  numbers_.emplace(version.facts.version, number);
  return number;
}

FeedbackFigures& Feedback::figures_of(std::int64_t number) {
  const auto found = figures_.find(number);
  if (found != figures_.end()) return found->second;
  const StoredPolicy stored = store_.policy(number);
  FeedbackFigures figures(parse_facts(stored.facts, options_.path.string()), options_, stored.figures);
  // Those of earlier runs again, so that the tests go on where they were.
  store_.read_evidence(number, [&](const StoredEvidence& evidence) { figures.look_for_drift(evidence); });
  return figures_.emplace(number, std::move(figures)).first->second;
}

void Feedback::apply(Served& served) {
  for (const auto& version : served.versions) static_cast<void>(figures_of(number_of(*version)));
}

void Feedback::apply(Kept& kept) {
  const std::int64_t number = number_of(*kept.version);
  FeedbackFigures& figures = figures_of(number);
  store_.add(kept.input, number);
  figures.count_input(kept.input.answer.empty());
  changed_[number] = true;
}

void Feedback::apply(Explored& explored) {
  const auto input = store_.find(explored.id);
  if (!input) return;  // it was lost, or is forgotten
  store_.add_explored(explored.id, explored.looks);
  FeedbackFigures& figures = figures_of(input->policy);
  changed_[input->policy] = true;
  if (const auto reference = figures.facts().reference) {
    const Label said = explored.looks[*reference].output.best();
    figures.count_explored(!input->answer.empty() && input->answer.front() == said);
  }
  StoredInput now = *input;
  now.explored = true;
  pair(now, figures);
}

void Feedback::apply(Told& told) {
  told.statuses.clear();
  for (const FeedbackItem& item : told.items) told.statuses.push_back(apply(item));
}

FeedbackStatus Feedback::apply(const FeedbackItem& item) {
  auto input = store_.find(item.request_id, item.position);
  if (!input) return FeedbackStatus::kUnknown;
  FeedbackFigures& figures = figures_of(input->policy);
  ToldScore told;
  if (const auto* score = std::get_if<double>(&item.told)) {
    told.score = *score;
  } else if (const auto* name = std::get_if<std::string>(&item.told)) {
    told.label = figures.label_of(*name);
    if (!told.label) return FeedbackStatus::kInvalid;
  } else {
    told.label = std::get<Label>(item.told);
    if (*told.label < 0 || *told.label >= figures.facts().n_classes) return FeedbackStatus::kInvalid;
  }
  if (input->told == told) return FeedbackStatus::kSame;
  const bool was_told = input->told != ToldScore{};
  store_.tell(input->id, told, epoch_ms());
  figures.count_told(input->answer, input->told, told);
  changed_[input->policy] = true;
  input->told = told;
  pair(*input, figures);
  return was_told ? FeedbackStatus::kChanged : FeedbackStatus::kKept;
}

// Once both are there, whichever comes last. A label that changes afterwards changes nothing here: evidence
// that was bet on cannot be taken back.
void Feedback::pair(const StoredInput& input, FeedbackFigures& figures) {
  const ServedPolicyFacts& facts = figures.facts();
  if (!input.explored || input.paired || !facts.reference) return;
  std::optional<Label> label = input.told.label;
  if (facts.labels_from) {
    const auto said = store_.explored_answer(input.id, *facts.labels_from);
    label = said.empty() ? std::nullopt : std::optional(said.front());
  }
  if (!label) return;
  store_.set_paired(input.id);
  figures.count_loss(input.answer, store_.explored_answer(input.id, *facts.reference), *label,
                     input.certified);
}

void Feedback::give_up(std::deque<Event>& events, std::string_view reason) {
  std::size_t inputs = 0;
  for (Event& event : events) {
    if (std::holds_alternative<Kept>(event)) ++inputs;
    auto* told = std::get_if<Told>(&event);
    if (told != nullptr) told->statuses.assign(told->items.size(), FeedbackStatus::kLost);
  }
  lost_so_far_ += inputs;
  if (inputs > 0) observer_.lost(inputs);
  if (!std::exchange(is_failing_, true)) observer_.failing(reason);
}

void Feedback::look_for_drift(const Kept& kept) {
  const KeptInput& input = kept.input;
  if (!input.is_default || input.answer.empty()) return;
  const auto number = numbers_.find(kept.version->facts.version);
  if (number == numbers_.end()) return;
  figures_.at(number->second)
      .look_for_drift({input.id, input.answer.confidence(), input.looks.size(), input.features});
}

void Feedback::publish_alarms() {
  std::vector<FeedbackAlarm> now, raised;
  if (is_failing_) now.push_back({.kind = "store", .version = {}, .of = {}, .inputs = 0});
  const std::lock_guard lock(mutex_);
  for (const auto& version : served_) {
    const auto number = numbers_.find(version->facts.version);
    if (number == numbers_.end() || !figures_.contains(number->second)) continue;
    for (FeedbackAlarm& alarm : figures_.at(number->second).alarms()) now.push_back(std::move(alarm));
  }
  if (now == alarms_) return;
  for (const FeedbackAlarm& alarm : now) {
    if (std::find(alarms_.begin(), alarms_.end(), alarm) == alarms_.end()) raised.push_back(alarm);
  }
  alarms_ = std::move(now);
  for (const FeedbackAlarm& alarm : raised) observer_.raised(alarm);
}

Json Feedback::summary() {
  Json versions = Json::array();
  for (const auto& [number, figures] : figures_) versions.push_back(figures.json());
  Json alarms = Json::array();
  for (const FeedbackAlarm& alarm : this->alarms()) {
    alarms.push_back(
        {{"kind", alarm.kind}, {"version", alarm.version}, {"of", alarm.of}, {"inputs", alarm.inputs}});
  }
  return {{"explore", options_.explore},
          {"false_alarm", options_.false_alarm},
          {"lost", lost_so_far_},
          {"alarms", std::move(alarms)},
          {"versions", std::move(versions)}};
}

}  // namespace triage
