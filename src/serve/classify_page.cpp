#include "serve/classify_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "report/markup.h"
#include "report/page.h"
#include "triage/tools/report.h"

namespace triage {
namespace {

constexpr std::size_t kMostShown = std::size_t{8} << 20;  // bytes of a picture inside the page
constexpr std::size_t kTopClasses = 5;

// What browsers show, by its first bytes; empty for the others.
std::string_view media_type(std::span<const std::uint8_t> bytes) {
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()),
                              std::min<std::size_t>(bytes.size(), 16));
  if (head.starts_with("\xFF\xD8\xFF")) return "image/jpeg";
  if (head.starts_with("\x89PNG")) return "image/png";
  if (head.starts_with("GIF8")) return "image/gif";
  if (head.starts_with("BM")) return "image/bmp";
  if (head.starts_with("RIFF") && head.substr(8).starts_with("WEBP")) return "image/webp";
  if (head.size() == 16 && head.substr(4, 8) == "ftypavif") return "image/avif";
  return {};
}

Markup form() {
  const Markup field = element_text("label", {{"for", "picture"}}, "Picture ") +
                       element("input", {{"type", "file"},
                                         {"id", "picture"},
                                         {"name", "picture"},
                                         {"accept", "image/*"},
                                         {"required", "required"}}) +
                       text(" ") + element_text("button", {{"type", "submit"}}, "Classify");
  return element("form", {{"method", "post"}, {"action", "/classify"}, {"enctype", "multipart/form-data"}},
                 element("p", {}, field));
}

std::string page(std::string_view title, const Markup& inner) {
  return report_page(title, "Classify a picture", element("main", {}, element_text("h1", {}, title) + inner));
}

std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

Markup classes_table(const Classifier& classifier, const Result& result) {
  TableSpec table{.caption = "Classes",
                  .head = {"class", "probability"},
                  .rows = {},
                  .text_columns = {},
                  .strong_rows = {}};
  const auto entries = result.answer.entries();
  for (const ClassProbability& entry : entries.first(std::min(entries.size(), kTopClasses))) {
    table.rows.push_back({classifier.label_name(entry.cls), percent(static_cast<double>(entry.probability))});
  }
  return html_table(table);
}

// The chain of looks, in the order in which they were taken.
Markup looks_table(const Classifier& classifier, const Result& result) {
  TableSpec table{.caption = "Looks",
                  .head = {"model", "says", "confidence", "ms"},
                  .rows = {},
                  .text_columns = {1},
                  .strong_rows = {}};
  for (const Look& look : result.looks) {
    table.rows.push_back({model_name(classifier.policy()->info(), look.model),
                          classifier.label_name(look.output.best()), percent(look.confidence),
                          format_figure(look.cost.ms, 3)});
  }
  return html_table(table);
}

Markup reasons(const Classifier& classifier, const Result& result) {
  Markup items;
  for (const TraceEvent& event : result.trace.value_or(Trace{})) {
    items += element_text("li", {}, describe(event, classifier.policy()->info()).what);
  }
  return items.empty() ? Markup{} : element_text("h2", {}, "Why") + element("ol", {}, items);
}

std::string outcome(const Classifier& classifier, const Result& result) {
  if (result.refused) return fmt::format("No answer; limit: {}.", to_string(result.limit));
  const PolicyModel& best = classifier.policy()->info().best;
  const std::string always = best.name.empty() ? std::string()
                                               : fmt::format(" Always {}: {} ms on average.", best.name,
                                                             format_figure(best.mean_ms, 3));
  return fmt::format("{}, {}, in {} ms; {} of {} models ran.{}{}", classifier.label_name(result.label()),
                     percent(result.confidence()), format_figure(result.total.ms, 3), result.looks.size(),
                     classifier.policy()->info().models.size(),
                     result.certified ? " A certificate covers it." : "", always);
}

}  // namespace

std::string classify_page(std::string_view policy, bool takes_images) {
  const Markup what =
      takes_images ? form()
                   : element_text("p", {}, "This policy chooses for rows of numbers: POST them to /choose.");
  return page(fmt::format("Triage: {}", policy), what);
}

std::string classify_page(std::string_view policy, const Classifier& classifier, const ShownResult& shown,
                          std::span<const std::uint8_t> picture) {
  Markup inner = form();
  const std::string_view type = media_type(picture);
  if (!type.empty() && picture.size() <= kMostShown) {
    inner += element("p", {},
                     element("img", {{"src", fmt::format("data:{};base64,{}", type, base64(picture))},
                                     {"alt", "the picture"},
                                     {"style", "max-width:100%;min-height:8rem;max-height:24rem"}}));
  }
  inner += element_text("p", {{"role", "status"}}, outcome(classifier, shown.result));
  inner += classes_table(classifier, shown.result) + looks_table(classifier, shown.result);
  inner += reasons(classifier, shown.result);
  return page(fmt::format("Triage: {}", policy), inner);
}

std::string failure_page(std::string_view message) {
  return page("Triage", element_text("p", {{"role", "alert"}}, message) + form());
}

}  // namespace triage
