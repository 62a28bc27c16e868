// Joining profiles: shards of one data set interleave to what one run would have written; other data sets
// follow one another.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <unordered_map>

#include "base/hash.h"
#include "profile/codec.h"
#include "profile/new_profile.h"
#include "profile/reader.h"
#include "profile/writer.h"
#include "triage/error.h"

namespace triage {
namespace {

constexpr std::size_t kCommitInputs = 2000;

// One profile that is being joined, with its next input.
struct Source {
  explicit Source(const std::filesystem::path& path) : reader(path) {}
  ProfileReader reader;
  std::vector<std::int32_t> machines;  // number in the new file of each of its machines
  InputRecord record;
  bool more = false;
};

const ProfilePart* part_of(const ProfileHeader& header, std::int64_t input) {
  for (const ProfilePart& part : header.parts) {
    const std::int64_t at = input - part.first;
    if (at >= 0 && at < part.n_data && at % part.shard.count == part.shard.index) return &part;
  }
  return nullptr;
}

bool same_data(const ProfilePart& a, const ProfilePart& b) {
  return a.data == b.data && a.n_data == b.n_data;
}

// All shards of a data set become the whole, as if it had been profiled in one go.
std::vector<ProfilePart> unite_shards(const std::vector<ProfilePart>& parts) {
  std::vector<ProfilePart> united;
  for (const ProfilePart& part : parts) {
    const auto is_sibling = [&](const ProfilePart& other) {
      return same_data(other, part) && other.shard.count == part.shard.count;
    };
    if (std::count_if(parts.begin(), parts.end(), is_sibling) != part.shard.count) {
      united.push_back(part);
      continue;
    }
    // Whatever else there is of this data set is in the whole.
    std::erase_if(united, [&](const ProfilePart& other) { return same_data(other, part); });
    united.push_back(part);
    united.back().shard = Shard{};
  }
  return united;
}

// Header of the joined profile; data sets follow one another in the order in which they are first met.
ProfileHeader joined_header(const std::vector<std::unique_ptr<Source>>& sources) {
  ProfileHeader header = sources.front()->reader.header();
  header.parts.clear();
  std::int64_t end = 0;
  for (const auto& source : sources) {
    const ProfileReader& reader = source->reader;
    if (const auto difference = model_difference(reader.header(), header)) {
      throw Error(ErrorCode::kProfile,
                  fmt::format("{}: does not fit {}: {}; merge profiles of the same models, "
                              "made in the same way",
                              reader.name(), sources.front()->reader.name(), *difference));
    }
    expect_finished(reader);
    for (ProfilePart part : reader.header().parts) {
      const auto known = std::find_if(header.parts.begin(), header.parts.end(),
                                      [&](const ProfilePart& other) { return same_data(other, part); });
      part.first = known != header.parts.end() ? known->first : end;
      if (known == header.parts.end()) end += part.n_data;
      const bool twice = std::any_of(header.parts.begin(), header.parts.end(), [&](const ProfilePart& other) {
        return same_data(other, part) && other.shard.index == part.shard.index &&
               other.shard.count == part.shard.count;
      });
      if (!twice) header.parts.push_back(part);
    }
  }
  header.parts = unite_shards(header.parts);
  return header;
}

void expect_one_machine(const std::vector<std::unique_ptr<Source>>& sources) {
  const ProfileReader& first = sources.front()->reader;
  for (const auto& source : sources) {
    const ProfileReader& reader = source->reader;
    expect_same_machine({first.name(), machines_line(first)}, {reader.name(), machines_line(reader)});
  }
}

// All machines of the sources, each once.
std::vector<std::string> all_machines(const std::vector<std::unique_ptr<Source>>& sources) {
  std::vector<std::string> all;
  for (const auto& source : sources) {
    for (const std::string& machine : source->reader.machines()) {
      if (std::find(all.begin(), all.end(), machine) == all.end()) all.push_back(machine);
    }
  }
  return all;
}

// What an input's models said, times aside.
std::string content_hash(const InputRecord& record) {
  std::vector<std::uint8_t> content;
  std::vector<std::uint8_t> bytes;
  const auto add = [&](const std::vector<std::uint8_t>& more) {
    content.insert(content.end(), more.begin(), more.end());
  };
  const std::string numbers = fmt::format("{} {} {} {}", record.label, record.error.empty(), record.group,
                                          fmt::join(record.ranks, " "));
  content.assign(numbers.begin(), numbers.end());
  if (record.error.empty()) {
    encode_floats(record.features, bytes);
    add(bytes);
    for (const TopK& output : record.outputs) {
      encode_top(output, bytes);
      add(bytes);
    }
  }
  return sha256_hex(std::as_bytes(std::span(content)));
}

class Merge {
 public:
  Merge(std::vector<std::unique_ptr<Source>>& sources, const ProfileHeader& header, ProfileWriter& writer)
      : sources_(&sources), header_(&header), writer_(&writer), sizes_(header.parts.size(), 0) {}

  void run() {
    for (const auto& source : *sources_) {
      add_machines(*source);
      advance(*source);
    }
    std::size_t uncommitted = 0;
    while (Source* source = first_source()) {
      add(*source);
      advance(*source);
      if (++uncommitted < kCommitInputs) continue;
      writer_->commit();
      uncommitted = 0;
    }
    writer_->set_part_sizes(sizes_);
    writer_->finish();
  }

 private:
  // Shards of one machine have each measured its energy: the first measurement stands.
  void add_machines(Source& source) {
    const std::vector<std::string>& machines = source.reader.machines();
    for (std::size_t i = 0; i < machines.size(); ++i) {
      source.machines.push_back(writer_->machine(machines[i]));
      const ProfileEnergy energy = source.reader.energy(static_cast<std::int32_t>(i));
      const ProfileEnergy there = writer_->energy(source.machines.back());
      if (!there.measured() && !energy.note.empty()) writer_->set_energy(source.machines.back(), energy);
    }
  }

  // Reads the source's next input and gives it its position in the new file.
  void advance(Source& source) {
    source.more = source.reader.next(source.record);
    if (!source.more) return;
    const ProfilePart* part = part_of(source.reader.header(), source.record.input);
    if (part == nullptr) {
      throw Error(ErrorCode::kProfile,
                  fmt::format("{}: is damaged (input {} is of no data set); profile again",
                              source.reader.name(), source.record.input));
    }
    const auto known = std::find_if(header_->parts.begin(), header_->parts.end(),
                                    [&](const ProfilePart& other) { return same_data(other, *part); });
    source.record.input += known->first - part->first;
    if (source.record.error.empty()) {
      source.record.machine = source.machines[static_cast<std::size_t>(source.record.machine)];
    }
  }

  // In the order of the new positions, so that the new file is written from front to back.
  [[nodiscard]] Source* first_source() const {
    Source* first = nullptr;
    for (const auto& source : *sources_) {
      if (source->more && (first == nullptr || source->record.input < first->record.input))
        first = source.get();
    }
    return first;
  }

  void add(const Source& source) {
    const InputRecord& record = source.record;
    const auto [known, fresh] = known_.try_emplace(record.id, Known{content_hash(record), &source});
    if (fresh) {
      if (writer_->has(record.input)) {
        throw Error(ErrorCode::kProfile,
                    fmt::format("{}: is damaged (input {} has another name than elsewhere); "
                                "profile again",
                                source.reader.name(), record.input));
      }
      writer_->add(record);
      const ProfilePart* part = part_of(*header_, record.input);
      ++sizes_[static_cast<std::size_t>(part - header_->parts.data())];
    } else if (known->second.content != content_hash(record)) {
      throw Error(ErrorCode::kProfile,
                  fmt::format("input '{}': differs between {} and {}, expected the same label, "
                              "features and outputs; leave one of them out",
                              record.id, known->second.source->reader.name(), source.reader.name()));
    }
  }

  struct Known {
    std::string content;
    const Source* source;
  };
  std::vector<std::unique_ptr<Source>>* sources_;
  const ProfileHeader* header_;
  ProfileWriter* writer_;
  std::unordered_map<std::string, Known> known_;
  std::vector<std::int64_t> sizes_;  // inputs of each part
};

}  // namespace

MergeSummary merge_profiles(std::span<const std::filesystem::path> inputs, const std::filesystem::path& out,
                            const MergeOptions& options) {
  if (inputs.empty()) throw Error(ErrorCode::kUsage, "merge: no profiles given, expected 1 or more");
  expect_new(out);
  std::vector<std::unique_ptr<Source>> sources;
  for (const std::filesystem::path& path : inputs) sources.push_back(std::make_unique<Source>(path));
  ProfileHeader header = joined_header(sources);
  if (!options.machines_apart) expect_one_machine(sources);
  MergeSummary summary;
  summary.machines = all_machines(sources);
  if (options.machines_apart && summary.machines.size() > 1) {
    header.times_note = fmt::format(
        "times of {} machines, each input's of the one that measured it: means are of their mixture",
        summary.machines.size());
  }
  make_profile(out, header, [&](ProfileWriter& writer) {
    Merge(sources, header, writer).run();
    summary.inputs = writer.n_done();
    summary.failed = writer.n_failed();
  });
  return summary;
}

}  // namespace triage
