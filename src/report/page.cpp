#include "report/page.h"

namespace triage {

std::string report_page(std::string_view title, std::string_view description, const Markup& body) {
  Markup head = element("meta", {{"charset", "utf-8"}});
  head += element("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  head += element("meta", {{"name", "description"}, {"content", std::string(description)}});
  head += element_text("title", {}, title);
  head += element("style", {}, Markup{"\n" + std::string(kReportStyle)});
  return "<!DOCTYPE html>\n" +
         element("html", {{"lang", "en"}}, element("head", {}, head) + element("body", {}, body)).html + "\n";
}

}  // namespace triage
