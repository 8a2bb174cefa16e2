#include "apps/page/html_writer.h"

#include <doctest/doctest.h>

#include <limits>

#include "apps/page/page_frame.h"
#include "core/error.h"
#include "tests/testing/html_text.h"

using namespace denovo;
using page::HtmlWriter;

TEST_CASE("HtmlWriter: text and attributes are escaped, elements close in order") {
  HtmlWriter html;
  html.open("p", {{"title", "<b>&\"'"}}).text("a < b").element("b", "&").empty("br").close();
  CHECK(html.finished() ==
        "<p title=\"&lt;b&gt;&amp;&quot;&#39;\">a &lt; b<b>&amp;</b><br/></p>\n");
}

TEST_CASE("HtmlWriter: what is not closed, or closed twice, is a bug") {
  HtmlWriter html;
  CHECK_THROWS_WITH_AS(html.close(), "html: close() with nothing open", InternalError);
  html.open("p");
  CHECK_THROWS_WITH_AS(html.finished(), "html: <p> is still open", InternalError);
}

TEST_CASE("exact: numbers read back equal, what JSON has no number for is nothing") {
  CHECK(page::exact(0.1) == "0.1");
  CHECK(std::stod(page::exact(1.0 / 3)) == 1.0 / 3);
  CHECK(page::exact(std::numeric_limits<double>::quiet_NaN()).empty());
  CHECK(page::exact(std::numeric_limits<double>::infinity()).empty());
}

TEST_CASE("typeset: minus signs before numbers and between spaces, hyphens elsewhere") {
  CHECK(page::typeset("-1 to (-2), S - P, scratch-480, pre-trained") ==
        "−1 to (−2), S − P, scratch-480, pre-trained");
}

TEST_CASE("data_uri: the vectors of RFC 4648, and bytes beyond ASCII") {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"},
                                                         {"\xff\xfe\xfd", "//79"}};
  for (const auto& [bytes, text] : vectors)
    CHECK(page::data_uri("image/png", bytes) == std::string("data:image/png;base64,") + text);
}

TEST_CASE("link_to: a path of any name is a relative reference") {
  CHECK(page::link_to("runs/a-1/") == "./runs/a-1/");
  CHECK(page::link_to("a b#c?:%") == "./a%20b%23c%3F%3A%25");
  CHECK(page::link_to("/tmp/é") == "/tmp/%C3%A9");
}

TEST_CASE("a page: well-formed, asks for nothing, and the check of that finds faults") {
  HtmlWriter html;
  page::begin_page(html, "<b>&\"");
  html.element("p", "x");
  const std::string document = page::end_page(html);
  CHECK(testing::html_fault(document) == "");
  CHECK(testing::remote_references(document).empty());
  const auto with = [&](const std::string& body) {
    std::string changed = document;
    return changed.replace(changed.find("<p>x</p>"), 8, body);
  };
  CHECK(testing::html_fault(with("<p>x")) == "closes nothing: </main>\n</body>\n</html>\n");
  CHECK(testing::html_fault(with("<p a=\"1\" a=\"2\"></p>")) != "");
  CHECK(testing::html_fault(with("a & b")) != "");
  CHECK(testing::html_fault(with("<p a=1></p>")) != "");
  CHECK(testing::remote_references(with("<img src=\"http://x/y.png\"/>")).size() == 1);
  CHECK(testing::remote_references(with("<img src=\"//x/y.png\"/>")).size() == 1);
}
