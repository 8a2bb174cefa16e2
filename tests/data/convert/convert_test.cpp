// Exports of annotation tools, written by hand with sizes that can be worked out, against the COCO
// data set that is read back from what was converted.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "data/coco/dataset.h"
#include "data/convert/formats.h"
#include "data/image/image_file.h"
#include "testing/temporary_directory.h"

using namespace denovo;
using namespace denovo::data;

namespace {

class Export {
 public:
  const std::string& path() const { return folder_.path(); }
  std::string operator/(const std::string& name) const { return folder_ / name; }
  void text(const std::string& name, const std::string& content) const {
    make_parent(name);
    std::ofstream(folder_ / name) << content;
  }
  void image(const std::string& name, int height, int width) const {
    make_parent(name);
    write_image(folder_ / name, Image(height, width));
  }
  /// What was converted, as the data set that training reads.
  CocoDataset dataset(const Conversion& conversion) const {
    text("out.json", conversion.coco_json());
    return read_coco(folder_ / "out.json", StructuralDefects::kThrow);
  }

 private:
  void make_parent(const std::string& name) const {
    std::filesystem::create_directories(std::filesystem::path(folder_ / name).parent_path());
  }
  testing::TemporaryDirectory folder_;
};

using Box = std::array<double, 4>;

std::string voc_object(const char* name, const char* corners, const char* more = "") {
  int box[4];
  REQUIRE(sscanf(corners, "%d %d %d %d", box, box + 1, box + 2, box + 3) == 4);
  return fmt::format(
      "<object><name>{}</name>{}<bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}"
      "</ymax></bndbox></object>",
      name, more, box[0], box[1], box[2], box[3]);
}

std::string voc_file(const char* image, const std::string& objects, int width, int height) {
  return fmt::format(
      "<annotation><filename>{}</filename><size><width>{}</width><height>{}</height></size>{}"
      "</annotation>",
      image, width, height, objects);
}

}  // namespace

TEST_CASE("convert voc: corners count from 1, the last one inside; what cannot be taken is named") {
  const Export files;
  files.image("JPEGImages/b.png", 30, 40);
  files.image("JPEGImages/a.png", 20, 10);
  files.text("Annotations/b.xml",
             voc_file("b.jpg",  // the ending is not the file's
                      voc_object("dog", "1 1 40 30") +
                          voc_object("cat", "11 6 20 10", "<difficult>1</difficult>") +
                          voc_object("dog", "35 25 60 60") + voc_object("dog", "41 1 50 5") +
                          "<object><name>dog</name></object>",
                      40, 30));
  files.text("Annotations/a.xml", voc_file("a.png", voc_object("dog", "2 2 3 3"), 0, 0));
  files.text("Annotations/c.xml", voc_file("c.jpg", voc_object("dog", "2 2 3 3"), 10, 10));
  files.text("ImageSets/Main/val.txt", "b  1\n");

  const Conversion all = convert_voc({.in = files.path()});
  const CocoDataset dataset = files.dataset(all);
  REQUIRE(dataset.images().size() == 2);
  CHECK(dataset.images()[0].file_name == "a.png");
  CHECK(dataset.images()[1].width == 40);
  CHECK(dataset.categories()[0].name == "cat");
  CHECK(dataset.categories()[1].name == "dog");
  const auto annotations = dataset.annotations();
  REQUIRE(annotations.size() == 4);
  CHECK(annotations[0].bbox == Box{1, 1, 2, 2});
  CHECK(annotations[1].bbox == Box{0, 0, 40, 30});
  CHECK(annotations[2].bbox == Box{10, 5, 10, 5});
  CHECK(annotations[2].area == 50);
  CHECK(annotations[3].bbox == Box{34, 24, 6, 6});  // cut to the image
  CHECK(all.objects()[2].difficult);
  CHECK(std::count_if(all.objects().begin(), all.objects().end(),
                      [](const auto& object) { return object.difficult; }) == 1);
  REQUIRE(all.dropped().size() == 3);
  CHECK(
      all.dropped()[0].ends_with("b.xml, object 4: covers nothing of the image of 40 x 30: x 40, "
                                 "y 0, width 10, height 5"));
  CHECK(all.dropped()[1].ends_with("b.xml, object 5: has no bndbox of four numbers"));
  CHECK(all.dropped()[2].find("c.jpg: cannot be read") != std::string::npos);

  const Conversion val = convert_voc({.in = files.path(), .split = "val", .classes = {"dog"}});
  CHECK(val.images().size() == 1);
  CHECK(val.objects().size() == 2);
  CHECK(val.dropped().back().ends_with("object 5: has no bndbox of four numbers"));
  CHECK(val.dropped()[0].ends_with("object 2: is of class 'cat', which is not asked for"));
}

TEST_CASE("convert voc: colours of SegmentationObject are the objects in their order") {
  const Export files;
  files.image("JPEGImages/a.png", 8, 10);
  files.text("Annotations/a.xml",
             voc_file("a.png", voc_object("cat", "1 1 4 4") + voc_object("dog", "6 5 9 8"), 10, 8));
  Image objects(8, 10);
  const auto paint = [&](int y0, int x0, int height, int width, std::array<uint8_t, 3> rgb) {
    for (int y = y0; y < y0 + height; ++y)
      for (int x = x0; x < x0 + width; ++x) std::copy(rgb.begin(), rgb.end(), objects.pixel(y, x));
  };
  paint(0, 0, 4, 4, {128, 0, 0});      // colour 1
  paint(4, 5, 4, 4, {0, 128, 0});      // colour 2
  paint(4, 5, 1, 1, {224, 224, 192});  // 255, the seam: nobody's
  std::filesystem::create_directories(files / "SegmentationObject");
  write_image(files / "SegmentationObject/a.png", objects);

  const Conversion conversion = convert_voc({.in = files.path()});
  CHECK(conversion.dropped().empty());
  const CocoDataset dataset = files.dataset(conversion);
  REQUIRE(dataset.annotations().size() == 2);
  CHECK(dataset.annotations()[0].area == 16);
  CHECK(dataset.annotations()[1].area == 15);
  CHECK(dataset.annotations()[1].bbox == Box{5, 4, 4, 4});
  CHECK(rle_bounding_box(conversion.objects()[1].mask) == RleBox{5, 4, 4, 4});

  // Colours that do not belong to the objects in this order.
  std::filesystem::remove(files / "Annotations/a.xml");
  files.text("Annotations/a.xml",
             voc_file("a.png", voc_object("dog", "6 5 9 8") + voc_object("cat", "1 1 4 4"), 10, 8));
  const Conversion mixed = convert_voc({.in = files.path()});
  REQUIRE(mixed.dropped().size() == 2);
  CHECK(
      mixed.dropped()[0].ends_with("a.xml, object 1, mask: lies elsewhere than the object's box"));
  CHECK(mixed.objects().size() == 2);
  CHECK(mixed.objects()[0].mask.counts.empty());
}

TEST_CASE("convert yolo: boxes and polygons in shares of the image, in every layout") {
  const char* lines =
      "1 0.5 0.5 0.5 0.2\n"
      "0 0.1 0.1 0.5 0.1 0.5 0.5\n"
      "2 0.5 0.5 0.1 0.1\n"
      "0 0.5 0.5 0.1\n"
      "0 0.5 0.5 0.1 nan\n"
      "x 0.5 0.5 0.1 0.1\n";
  const std::array<std::array<const char*, 3>, 4> layouts{{
      {"images/train/i.png", "labels/train/i.txt", "train"},
      {"train/images/i.png", "train/labels/i.txt", "train"},
      {"train/i.png", "train/i.txt", "train"},
      {"i.png", "i.txt", ""},
  }};
  for (const auto& [image, text, split] : layouts) {
    CAPTURE(image);
    const Export files;
    files.image(image, 100, 200);
    files.text(text, lines);
    files.text("data.yaml", "nc: 2\nnames: {0: cat, 1: 'big dog'}\n");
    const Conversion conversion = convert_yolo({.in = files.path(), .split = split});
    const CocoDataset dataset = files.dataset(conversion);
    REQUIRE(dataset.annotations().size() == 2);
    CHECK(dataset.categories()[1].name == "big dog");
    CHECK(dataset.annotations()[0].category == 1);
    CHECK(dataset.annotations()[0].bbox == Box{50, 40, 100, 20});
    CHECK(dataset.annotations()[1].bbox == Box{20, 10, 80, 40});
    CHECK(dataset.annotations()[1].area == 1600);
    REQUIRE(conversion.dropped().size() == 4);
    CHECK(conversion.dropped()[0].ends_with("line 3: class must be 0 to 1, got 2"));
    CHECK(conversion.dropped()[1].ends_with(
        "line 4: must be a class and a box of four numbers or a polygon of three corners or more, "
        "got 4 numbers"));
    CHECK(conversion.dropped()[2].ends_with("line 5: has coordinates that are no pixels"));
    CHECK(conversion.dropped()[3].ends_with("line 6: must be numbers, got 'x'"));
  }
  const Export nameless;
  nameless.image("i.png", 10, 10);
  CHECK_THROWS_AS(convert_yolo({.in = nameless.path()}), IoError);
  nameless.text("bad.yaml", "names: [a, [b]]\n");
  CHECK_THROWS_AS(convert_yolo({.in = nameless.path()}), IoError);
  std::filesystem::remove(nameless / "bad.yaml");
  // An image without a text is a negative; nothing else is nothing to train on.
  nameless.text("classes.txt", "cat\ndog\r\n");
  const Conversion negative = convert_yolo({.in = nameless.path()});
  CHECK(negative.classes() == std::vector<std::string>{"cat", "dog"});
  CHECK_THROWS_AS(negative.coco_json(), IoError);
}

TEST_CASE("convert labelme: polygons, rectangles, circles; a group is one object") {
  const Export files;
  files.image("i.png", 50, 60);
  files.text("i.json",
             R"({"version": "5.0.1", "imagePath": "..\\elsewhere\\i.png", "imageData": null,
    "imageHeight": 50, "imageWidth": 60, "shapes": [
    {"label": "cat", "points": [[10, 10], [20, 10], [20, 20]], "group_id": 1, "shape_type": "polygon"},
    {"label": "dog", "points": [[30, 25], [20, 5]], "group_id": null, "shape_type": "rectangle"},
    {"label": "cat", "points": [[40, 30], [50, 30], [50, 45], [40, 45]], "group_id": 1, "shape_type": "polygon"},
    {"label": "dog", "points": [[30, 30], [30, 40]], "group_id": null, "shape_type": "circle"},
    {"label": "dog", "points": [[1, 1]], "group_id": null, "shape_type": "point"},
    {"label": "dog", "points": [[1, 1], [2, 2]], "group_id": null, "shape_type": "polygon"}]})");
  files.text("other.json", "{\"images\": []}");
  const Conversion conversion = convert_labelme({.in = files.path()});
  const CocoDataset dataset = files.dataset(conversion);
  REQUIRE(dataset.annotations().size() == 3);
  CHECK(dataset.annotations()[0].bbox == Box{10, 10, 40, 35});
  CHECK(dataset.annotations()[0].area == 50 + 150);
  CHECK(conversion.objects()[0].polygons.size() == 2);
  CHECK(dataset.annotations()[1].bbox == Box{20, 5, 10, 20});
  CHECK(dataset.annotations()[2].bbox[2] == doctest::Approx(20).epsilon(1e-9));
  CHECK(dataset.annotations()[2].area == doctest::Approx(314.159).epsilon(0.002));
  REQUIRE(conversion.dropped().size() == 3);
  CHECK(conversion.dropped()[0].ends_with(
      "shape 5: a shape of type 'point' and 1 points has no area that could be read"));
  CHECK(conversion.dropped()[1].ends_with("shape 6: a polygon must have three corners, got 2"));
  CHECK(conversion.dropped()[2].ends_with("other.json: holds no shapes of LabelMe"));
}

TEST_CASE("convert via: versions 1 and 2, saved projects, and which attribute is the class") {
  const Export files;
  files.image("i.png", 50, 60);
  const std::string region =
      R"({"shape_attributes": {"name": "rect", "x": 5, "y": 6, "width": 7, "height": 8}, "region_attributes": {%}})";
  const auto with = [&](const std::string& attributes) {
    std::string text = region;
    return text.replace(text.find('%'), 1, attributes);
  };
  const auto document = [](const std::string& regions) {
    return R"({"i.png123": {"filename": "i.png", "size": 123, "regions": )" + regions + "}}";
  };
  const std::string path = files / "via.json";
  const std::string polygon =
      R"({"shape_attributes": {"name": "polygon", "all_points_x": [1, 11, 11], "all_points_y": [2, 2, 12]}, "region_attributes": {"kind": "dog"}})";
  const std::string line =
      R"({"shape_attributes": {"name": "polyline", "all_points_x": [1, 11], "all_points_y": [2, 2]}, "region_attributes": {"kind": "dog"}})";

  files.text("via.json",
             document("[" + with("\"kind\": \"cat\"") + "," + polygon + "," + line + "]"));
  const Conversion second = convert_via({.in = path});
  const CocoDataset dataset = files.dataset(second);
  REQUIRE(dataset.annotations().size() == 2);
  CHECK(dataset.annotations()[0].bbox == Box{5, 6, 7, 8});
  CHECK(dataset.annotations()[1].area == 50);
  CHECK(dataset.annotations()[1].category == 1);
  REQUIRE(second.dropped().size() == 1);
  CHECK(second.dropped()[0].ends_with(
      "i.png, region 3: a 'polyline' has no area that could be read"));

  files.text("via.json", "{\"_via_img_metadata\": " + document("{\"0\": " + with("") + "}") + "}");
  CHECK_THROWS_WITH_AS(
      convert_via({.in = path}),
      ("--classes: must name one class, the regions of " + path + " have no attributes").c_str(),
      ConfigError);
  CHECK(convert_via({.in = path, .classes = {"balloon"}}).objects().size() == 1);

  files.text("via.json", document("[" + with("\"kind\": \"cat\", \"age\": \"4\"") + "]"));
  CHECK_THROWS_WITH_AS(
      convert_via({.in = path}),
      ("--attribute: must say which attribute of a region is its class, " + path + " has age, kind")
          .c_str(),
      ConfigError);
  CHECK(convert_via({.in = path, .attribute = "age"}).classes() == std::vector<std::string>{"4"});
  files.text("via.json", "[1, 2");
  CHECK_THROWS_AS(convert_via({.in = path}), IoError);
}

TEST_CASE("convert cvat: boxes, polygons of a group, ellipses, masks by rows; tracks are refused") {
  const Export files;
  files.image("images/train/i.png", 20, 30);
  files.text("annotations.xml", R"(<?xml version="1.0"?><annotations><version>1.1</version>
    <image id="0" name="i.png" subset="train" width="30" height="20">
      <box label="cat" xtl="1.5" ytl="2" xbr="11.5" ybr="7" occluded="0"/>
      <polygon label="dog" points="0,0;10,0;10,10" group_id="3"/>
      <polygon label="dog" points="20,10;25,10;25,15;20,15" group_id="3"/>
      <mask label="cat" left="4" top="5" width="3" height="2" rle="1, 2, 1, 2"/>
      <mask label="cat" left="4" top="5" width="3" height="2" rle="1, 2, 1"/>
      <ellipse label="dog" cx="15" cy="10" rx="10" ry="5"/>
      <box label="cat" xtl="1" ytl="2" xbr="11" ybr="7" rotation="30.0"/>
      <points label="dog" points="1,2"/>
      <tag label="good"/>
    </image></annotations>)");
  const Conversion conversion = convert_cvat({.in = files.path()});
  const CocoDataset dataset = files.dataset(conversion);
  REQUIRE(dataset.annotations().size() == 4);
  CHECK(dataset.images()[0].file_name == "train/i.png");
  CHECK(dataset.annotations()[0].bbox == Box{1.5, 2, 10, 5});
  CHECK(dataset.annotations()[1].area == 4);  // .XX / .XX
  CHECK(dataset.annotations()[1].bbox == Box{5, 5, 2, 2});
  CHECK(dataset.annotations()[2].area == 50 + 25);
  CHECK(dataset.annotations()[3].area == doctest::Approx(157.08).epsilon(0.002));
  REQUIRE(conversion.dropped().size() == 3);
  CHECK(conversion.dropped()[0].ends_with(
      "shape 5: the run lengths of a mask must fill its window inside the image"));
  CHECK(conversion.dropped()[1].ends_with("shape 7: a box that is turned has no place in COCO"));
  CHECK(conversion.dropped()[2].ends_with("shape 8: a 'points' has no area that could be read"));

  files.text("annotations.xml", "<annotations><track id=\"0\"/></annotations>");
  CHECK_THROWS_WITH_AS(
      convert_cvat({.in = files.path()}),
      (files / "annotations.xml: must be 'CVAT for images', got tracks of a video").c_str(),
      IoError);
  files.text("annotations.xml", "<annotations><image>");
  CHECK_THROWS_AS(convert_cvat({.in = files.path()}), IoError);
}

TEST_CASE("convert: a wrong format, a size that contradicts, an image twice") {
  CHECK_THROWS_WITH_AS(convert_export("coco", {}),
                       "--from: must be voc, yolo, labelme, via or cvat, got coco", ConfigError);
  const Export files;
  files.image("i.png", 20, 30);
  Conversion conversion(files.path(), {});
  CHECK_FALSE(conversion.add_image("i.png", {.height = 30, .width = 20}));
  CHECK(conversion.dropped()[0] == "i.png: the export says 20 x 30 pixels, the image has 30 x 20");
  CHECK(conversion.add_image("i.png") == 0);
  CHECK_FALSE(conversion.add_image("i.png"));
  CHECK(conversion.dropped().back().find("second time") != std::string::npos);
  conversion.add_box(0, "", {1, 1, 2, 2}, "box");
  CHECK(conversion.dropped().back() == "box: has no class");
  CHECK_THROWS_WITH_AS(Conversion("", {"a", "b", "a"}), "classes: names must differ, got 'a' twice",
                       ConfigError);
}
