// The study as one HTML page.
#include "report/study_page.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "report/page.h"
#include "report/phrases.h"
#include "report/sentences.h"

namespace triage {
namespace {

Markup labelled(std::string_view label, std::string_view plain) {
  if (plain.empty()) return {};
  return element_text("dt", {}, label) + element_text("dd", {}, plain);
}

Markup picture(const Picture& picture) {
  const auto png = encode_png(picture.image);
  const int shown = std::max(picture.image.width, 112);
  return element("figure", {},
                 element("img", {{"src", "data:image/png;base64," + base64(png)},
                                 {"alt", picture.caption},
                                 {"width", std::to_string(shown)}}) +
                     element_text("figcaption", {}, picture.caption));
}

Markup exhibit_section(const Exhibit& exhibit) {
  Markup inner = element_text("h2", {}, exhibit.title);
  const bool drawn = exhibit.chart.kind != ChartSpec::Kind::kNone;
  if (!drawn && !exhibit.about.empty()) inner += element_text("p", {{"class", "note"}}, exhibit.about);
  inner += element("dl", {},
                   labelled("Paper", exhibit.paper) + labelled("Here", exhibit.ours) +
                       labelled("Verdict", exhibit.verdict));
  Markup pictures;
  for (const Picture& p : exhibit.pictures) pictures += picture(p);
  if (!pictures.empty()) inner += element("div", {{"class", "pictures"}}, pictures);
  if (!exhibit.data.rows.empty()) inner += chart_panels(exhibit);
  return element("section", {{"id", exhibit.id}}, inner);
}

Markup list_element(const std::vector<std::string>& sentences) {
  Markup items;
  for (const std::string& sentence : sentences) items += element_text("li", {}, sentence);
  return element("ul", {{"class", "remarks"}}, items);
}

Markup contents(const Study& study) {
  Markup items;
  for (const Exhibit& exhibit : study.exhibits) {
    items += element("li", {},
                     element_text("a", {{"href", "#" + exhibit.id}}, exhibit.title) +
                         (exhibit.verdict.empty() ? Markup{} : text(" " + exhibit.verdict)));
  }
  return element("ul", {{"class", "remarks"}}, items);
}

Markup how_made(const Study& study, const ReportInfo& info) {
  std::string sources;
  for (const std::string& source : info.sources) sources += (sources.empty() ? "" : ", ") + source;
  return element(
      "dl", {},
      labelled("Machine", study.evaluation.machine) + labelled("Profiles", sources) +
          labelled("Times", timing_sentence(study.evaluation)) + labelled("Energy", study.evaluation.energy) +
          labelled("Inputs",
                   fmt::format("{}, {} classes", study.evaluation.n_inputs, study.evaluation.n_classes)) +
          labelled("Labels", describe_labels(study.evaluation.labels_from)) +
          labelled("Protocol",
                   study.evaluation.folds == 0
                       ? ""
                       : fmt::format("{}-fold cross-validation, seed {}; everything is learned inside "
                                     "the fold",
                                     study.evaluation.folds, study.evaluation.seed)) +
          labelled("Command", info.command) + labelled("Version", info.version));
}

}  // namespace

std::string study_html(const Study& study, const ReportInfo& info) {
  Markup main =
      element("section", {}, element_text("h2", {}, "What was found") + list_element(study.findings));
  main += element("section", {}, element_text("h2", {}, "Exhibits") + contents(study));
  for (const Exhibit& exhibit : study.exhibits) main += exhibit_section(exhibit);
  if (!study.contradictions.empty()) {
    main += element(
        "section", {},
        element_text("h2", {}, "Where the paper disagrees with itself") + list_element(study.contradictions));
  }
  main += element("section", {}, element_text("h2", {}, "How it was made") + how_made(study, info));
  Markup head =
      element_text("p", {{"class", "kicker"}}, "Triage study" + (info.date.empty() ? "" : ", " + info.date));
  head += element_text("h1", {}, study.title) + element_text("p", {{"class", "lead"}}, study.verdict);
  for (const std::string& warning : evaluation_warnings(study.evaluation)) {
    head += element_text("p", {{"class", "warning"}, {"role", "note"}}, "Warning: " + warning + ".");
  }
  return report_page(study.title, study.verdict,
                     element("header", {}, head) + element("main", {}, main) +
                         element_text("footer", {}, "Made by triage " + info.version));
}

}  // namespace triage
