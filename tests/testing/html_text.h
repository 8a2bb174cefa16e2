// Reading HTML in tests: as strictly as XML.
#pragma once

#include <cstring>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace denovo::testing {

/// What is not well-formed about a page: a tag that is not closed, an attribute twice or without
/// quotes, a "<" or "&" that is no markup; "" where nothing is. Style sheets are passed over.
inline std::string html_fault(const std::string& html) {
  static const std::regex tag(
      R"re(^<(/?)([a-z][a-zA-Z0-9]*)((?: [a-zA-Z][a-zA-Z0-9-]*="[^"<]*")*)(/?)>)re");
  static const std::regex entity("^&(amp|lt|gt|quot|#39);");
  static const std::regex attribute(R"re( ([a-zA-Z][a-zA-Z0-9-]*)=")re");
  std::vector<std::string> open;
  size_t i = html.find("<html");
  if (html.rfind("<!DOCTYPE html>", 0) != 0 || i == std::string::npos) return "no HTML";
  while (i < html.size()) {
    const std::string here = html.substr(i, 60);
    std::smatch match;
    if (html[i] == '&') {
      if (!std::regex_search(here, entity)) return "no entity: " + here;
    } else if (html[i] == '<') {
      const std::string text = html.substr(i, html.find('>', i) + 1 - i);
      if (!std::regex_search(text, match, tag)) return "no tag: " + here;
      std::set<std::string> names;
      const std::string attributes = match[3];
      for (std::sregex_iterator it(attributes.begin(), attributes.end(), attribute), end; it != end;
           ++it)
        if (!names.insert((*it)[1]).second) return "twice " + (*it)[1].str() + ": " + here;
      if (match[1] == "/") {
        if (open.empty() || open.back() != match[2]) return "closes nothing: " + here;
        open.pop_back();
      } else if (match[4] != "/") {
        open.push_back(match[2]);
        if (open.back() == "style") i = html.find("</style>", i) - text.size();
      }
      i += text.size() - 1;
    }
    ++i;
  }
  return open.empty() ? "" : "still open: " + open.back();
}

/// Where a browser would go for more: src, href and url() that are neither data: nor relative.
inline std::vector<std::string> remote_references(const std::string& html) {
  static const std::regex reference(R"re((?:src|href|action|srcset)="(//[^"]*|[a-z]+:[^"]*)")re"
                                    R"re(|url\(([^)]*)\)|@import)re");
  std::vector<std::string> found;
  for (std::sregex_iterator it(html.begin(), html.end(), reference), end; it != end; ++it)
    if ((*it)[1].str().rfind("data:", 0) != 0) found.push_back((*it)[0]);
  return found;
}

/// Text that readers see outside of charts and of what is to be copied.
inline std::string prose_of(const std::string& html) {
  std::string text = html;
  for (const char* element : {"style", "svg", "pre"}) {
    const std::string begin = std::string("<") + element, end = std::string("</") + element + ">";
    for (size_t from; (from = text.find(begin)) != std::string::npos;)
      text.erase(from, text.find(end, from) + end.size() - from);
  }
  text = std::regex_replace(text, std::regex("<[^>]*>"), " ");
  for (size_t at; (at = text.find("−")) != std::string::npos;) text.replace(at, strlen("−"), "-");
  return text;
}

/// Values of data-NAME in order, those of elements whose tag holds `where`.
inline std::vector<std::string> data_values(const std::string& html, const std::string& name,
                                            const std::string& where = "") {
  const std::regex tag("<[^>]* data-" + name + "=\"([^\"]*)\"[^>]*>");
  std::vector<std::string> values;
  for (std::sregex_iterator it(html.begin(), html.end(), tag), end; it != end; ++it)
    if ((*it)[0].str().find(where) != std::string::npos) values.push_back((*it)[1]);
  return values;
}

}  // namespace denovo::testing
