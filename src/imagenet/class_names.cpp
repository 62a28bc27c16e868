#include "imagenet/class_names.h"

#include <fmt/format.h>

#include <map>
#include <string_view>

#include "imagenet/weights.h"
#include "triage/error.h"

namespace triage {
namespace {

// Two files of one package: the ids in the order of the classes, and the words of every id of WordNet.
constexpr std::string_view kTimm = "timm";
constexpr std::string_view kTimmVersion = "1.0.31";
constexpr WeightPackage kIds{kTimm,
                             kTimmVersion,
                             "timm",
                             "imagenet_synsets.txt",
                             "70002b0ff5de60a3a17a82dbfcff291931f96225ddf941ad2e182fc39e183d15",
                             3};
constexpr WeightPackage kWords{kTimm,
                               kTimmVersion,
                               "timm",
                               "imagenet_synset_to_lemma.txt",
                               "1b8babda187421a4bde0c9c5a197c36f6bdda962f7ca11ffb2813806cbb2178f",
                               3};

template <class Take>
void for_each_line(std::string_view text, const Take& take) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string_view text_of(const std::vector<std::uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

std::string imagenet_class_names(const WeightOptions& options, const std::function<void()>& on_download) {
  const std::vector<std::uint8_t> ids = obtain_weights(kIds, options, on_download);
  const std::vector<std::uint8_t> words = obtain_weights(kWords, options);
  std::map<std::string_view, std::string_view> words_of;
  for_each_line(text_of(words), [&](std::string_view line) {
    const std::size_t tab = line.find('\t');
    if (tab != std::string_view::npos) words_of.emplace(line.substr(0, tab), line.substr(tab + 1));
  });
  std::string out;
  for_each_line(text_of(ids), [&](std::string_view id) {
    const auto found = words_of.find(id);
    out += fmt::format("{} {}\n", id, found == words_of.end() ? id : found->second);
  });
  return out;
}

}  // namespace triage
