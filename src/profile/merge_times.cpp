// Times measured on one machine over scores from another.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/hash.h"
#include "profile/new_profile.h"
#include "triage/error.h"
#include "triage/tools/profile.h"

namespace triage {
namespace {

constexpr std::size_t kCommitEvery = 2000;

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorCode::kProfile, message); }

// For each model of the times, the model of the scores with the same fingerprint, shape (m of the times).
std::vector<std::size_t> match_models(const ProfileReader& times, const ProfileReader& scores) {
  const auto find = [](const ProfileHeader& header, const std::string& fingerprint) {
    const auto& models = header.models;
    const auto at = std::find_if(models.begin(), models.end(),
                                 [&](const ProfileModel& model) { return model.fingerprint == fingerprint; });
    return static_cast<std::size_t>(at - models.begin());
  };
  for (const ProfileModel& model : scores.header().models) {
    if (find(times.header(), model.fingerprint) < times.header().models.size()) continue;
    fail(fmt::format(
        "{}: has no times of model '{}' (fingerprint {}, in {}), expected every model of {}; profile "
        "it there in that precision, or make the scores without it",
        times.name(), model.name, model.fingerprint, to_string(model.precision), scores.name()));
  }
  std::vector<std::size_t> matches;
  for (const ProfileModel& model : times.header().models) {
    matches.push_back(find(scores.header(), model.fingerprint));
    if (matches.back() < scores.header().models.size()) continue;
    fail(
        fmt::format("{}: has no scores of model '{}' (fingerprint {}, in {}), expected every model of {}; "
                    "profile it there "
                    "in that precision, or leave it out of the times",
                    scores.name(), model.name, model.fingerprint, to_string(model.precision), times.name()));
  }
  return matches;
}

// The name in `there` of the network called `name` in `here`. One network may have several names; `name`
// itself is preferred.
std::string name_there(const std::string& name, const ProfileHeader& here, const ProfileHeader& there) {
  std::string found;
  for (const ProfileModel& model : here.models) {
    if (model.name != name || model.is_selector()) continue;
    for (const ProfileModel& other : there.models) {
      if (other.fingerprint != model.fingerprint || other.is_selector()) continue;
      if (found.empty() || other.name == name) found = other.name;
    }
  }
  return found;
}

// What a node of the feature graph takes depends on which features are asked for, and at which size.
void check_features(const ProfileReader& times, const ProfileReader& scores) {
  const ProfileHeader& t = times.header();
  const ProfileHeader& s = scores.header();
  if (t.schema == s.schema && t.nodes == s.nodes && t.n_classes == s.n_classes) return;
  const auto about = [](const ProfileHeader& header) {
    std::string text =
        fmt::format("{} classes, working size {}, features", header.n_classes, header.schema.working_px);
    for (const FeatureRef& feature : header.schema.features)
      text += fmt::format(" {}v{}", feature.name, feature.version);
    return text;
  };
  fail(
      fmt::format("{}: was made with {}, expected {} as in {}; profile there with the same features "
                  "and working size",
                  times.name(), about(t), about(s), scores.name()));
}

bool same_picture(const InputRecord& a, const InputRecord& b) {
  return a.width == b.width && a.height == b.height && a.channels == b.channels &&
         (!a.pixel_hash || !b.pixel_hash || *a.pixel_hash == *b.pixel_hash);
}

// The timed inputs, ordered by a hash of their ids: deal() must not follow the inputs' own order.
class Donors {
 public:
  explicit Donors(ProfileReader& times) {
    InputRecord record;
    while (times.next(record)) {
      if (!record.error.empty()) continue;
      record.outputs.clear();
      record.features.clear();
      record.ranks.clear();
      records_.push_back(record);
    }
    if (records_.empty())
      fail(fmt::format("{}: has no input that succeeded, expected 1 or more", times.name()));
    std::sort(records_.begin(), records_.end(), [](const InputRecord& a, const InputRecord& b) {
      const std::uint64_t ha = hash64(0, a.id), hb = hash64(0, b.id);
      return ha != hb ? ha < hb : a.id < b.id;
    });
    for (std::size_t i = 0; i < records_.size(); ++i) by_id_.emplace(records_[i].id, i);
  }
  // The times of the same picture, or null.
  [[nodiscard]] const InputRecord* own(const InputRecord& record) const {
    const auto at = by_id_.find(record.id);
    if (at == by_id_.end() || !same_picture(records_[at->second], record)) return nullptr;
    return &records_[at->second];
  }
  // Each in turn, so that all are used equally often.
  const InputRecord& deal() { return records_[next_++ % records_.size()]; }

 private:
  std::vector<InputRecord> records_;
  std::unordered_map<std::string_view, std::size_t> by_id_;
  std::size_t next_ = 0;
};

// All of one input's times, so that times that vary together stay together.
void take_times(const InputRecord& from, InputRecord& record) {
  record.machine = from.machine;
  record.decode_ms = from.decode_ms;
  record.node_ms = from.node_ms;
  record.preprocess_ms = from.preprocess_ms;
  record.infer_ms = from.infer_ms;
  record.feature_runs = from.feature_runs;
  record.preprocess_spread = from.preprocess_spread;
  record.infer_spread = from.infer_spread;
  record.capped = from.capped;
}

// `matches` as in match_models; `record` is one of the scores.
void take_answers(const std::vector<std::size_t>& matches, InputRecord& record) {
  const std::vector<std::int32_t> ranks = record.ranks;
  const std::vector<TopK> outputs = record.outputs;
  record.ranks.clear();
  record.outputs.clear();
  for (const std::size_t match : matches) {
    record.ranks.push_back(ranks[match]);
    record.outputs.push_back(outputs[match]);
  }
}

// How many inputs of the scores have times of their own. A pass of its own, since the count is in the header,
// which is written first.
TimesSummary count(const std::filesystem::path& scores, const Donors& donors) {
  ProfileReader reader(scores);
  TimesSummary summary;
  InputRecord record;
  while (reader.next(record)) {
    ++summary.inputs;
    if (!record.error.empty()) {
      ++summary.failed;
    } else {
      ++(donors.own(record) != nullptr ? summary.own : summary.dealt);
    }
  }
  return summary;
}

void write(const ProfileReader& times, ProfileReader& scores, Donors& donors,
           const std::vector<std::size_t>& matches, ProfileWriter& writer) {
  std::vector<std::int32_t> machines;
  for (std::size_t i = 0; i < times.machines().size(); ++i) {
    machines.push_back(writer.machine(times.machines()[i]));
    const ProfileEnergy energy = times.energy(static_cast<std::int32_t>(i));
    if (!energy.note.empty()) writer.set_energy(machines.back(), energy);
  }
  std::size_t uncommitted = 0;
  for (InputRecord record; scores.next(record);) {
    if (record.error.empty()) {
      const InputRecord* own = donors.own(record);
      take_times(own != nullptr ? *own : donors.deal(), record);
      record.machine = machines[static_cast<std::size_t>(record.machine)];
      take_answers(matches, record);
    }
    writer.add(record);
    if (++uncommitted < kCommitEvery) continue;
    writer.commit();
    uncommitted = 0;
  }
  writer.finish();
}

}  // namespace

TimesSummary merge_times(const std::filesystem::path& times, const std::filesystem::path& scores,
                         const std::filesystem::path& out) {
  expect_new(out);
  ProfileReader times_reader(times);
  ProfileReader scores_reader(scores);
  if (scores_reader.header().times_only) {
    fail(fmt::format(
        "{}: holds times alone, expected scores; make them with 'triage profile' without times_only",
        scores.string()));
  }
  for (const ProfileReader* reader : {&times_reader, &scores_reader}) expect_finished(*reader);
  check_features(times_reader, scores_reader);
  const std::vector<std::size_t> matches = match_models(times_reader, scores_reader);
  Donors donors(times_reader);
  const TimesSummary summary = count(scores, donors);
  ProfileHeader header = scores_reader.header();
  header.models = times_reader.header().models;
  header.recipes = times_reader.header().recipes;
  header.timing = times_reader.header().timing;
  header.labels_from = name_there(scores_reader.header().labels_from, scores_reader.header(), header);
  header.times_note =
      fmt::format("{} of {} inputs timed on this machine, the others have the times of one that was",
                  summary.own, summary.own + summary.dealt);
  make_profile(out, header,
               [&](ProfileWriter& writer) { write(times_reader, scores_reader, donors, matches, writer); });
  return summary;
}

}  // namespace triage
