#include "report/markup.h"

#include <fmt/format.h>

#include <algorithm>

namespace triage {
namespace {

std::string escape(std::string_view plain) {
  std::string out;
  out.reserve(plain.size());
  for (const char c : plain) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') {
          out += "&#xFFFD;";
        } else {
          out += c;
        }
    }
  }
  return out;
}

std::string open_tag(std::string_view name, const Attributes& attributes) {
  std::string out = fmt::format("<{}", name);
  for (const auto& [key, value] : attributes) {
    out += fmt::format(" {}=\"{}\"", key, escape(value));
  }
  return out;
}

bool contains(const std::vector<std::size_t>& values, std::size_t value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

}  // namespace

Markup text(std::string_view plain) { return {escape(plain)}; }

Markup element(std::string_view name, const Attributes& attributes, const Markup& inner) {
  return {fmt::format("{}>{}</{}>", open_tag(name, attributes), inner.html, name)};
}

Markup element(std::string_view name, const Attributes& attributes) {
  return {open_tag(name, attributes) + "/>"};
}

Markup element_text(std::string_view name, const Attributes& attributes, std::string_view plain) {
  return element(name, attributes, text(plain));
}

std::string number(double value) {
  std::string out = fmt::format("{:.2f}", value);
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
  return out == "-0" ? "0" : out;
}

Markup html_table(const TableSpec& table) {
  const auto cell_class = [&](std::size_t column) {
    return Attributes{{"class", contains(table.text_columns, column) ? "text" : "figure"}};
  };
  Markup head;
  for (std::size_t c = 0; c < table.head.size(); ++c) {
    Attributes attributes{{"scope", "col"}};
    if (c > 0) attributes.push_back(cell_class(c).front());
    head += element_text("th", attributes, table.head[c]);
  }
  Markup body;
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    Markup row;
    for (std::size_t c = 0; c < table.rows[r].size(); ++c) {
      row += c == 0 ? element_text("th", {{"scope", "row"}}, table.rows[r][c])
                    : element_text("td", cell_class(c), table.rows[r][c]);
    }
    body +=
        element("tr", contains(table.strong_rows, r) ? Attributes{{"class", "strong"}} : Attributes{}, row);
  }
  Markup inner;
  if (!table.caption.empty()) inner += element_text("caption", {}, table.caption);
  inner += element("thead", {}, element("tr", {}, head)) + element("tbody", {}, body);
  return element("div",
                 {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", table.caption}},
                 element("table", table.wrap_names ? Attributes{{"class", "wrap"}} : Attributes{}, inner));
}

}  // namespace triage
