#include "report/page.h"

#include <fmt/format.h>

namespace triage {

std::string report_page(std::string_view title, std::string_view description, const Markup& body) {
  Markup head = element("meta", {{"charset", "utf-8"}});
  head += element("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  head += element("meta", {{"name", "description"}, {"content", std::string(description)}});
  head += element_text("title", {}, title);
  head += element("style", {}, Markup{fmt::format("\n{}", kReportStyle)});
  const Markup whole =
      element("html", {{"lang", "en"}}, element("head", {}, head) + element("body", {}, body));
  return fmt::format("<!DOCTYPE html>\n{}\n", whole.html);
}

}  // namespace triage
