// Readers of what annotation tools export, one per format.
#pragma once

#include <optional>
#include <string>

#include "data/convert/conversion.h"

namespace denovo::data {

/// PASCAL VOC: a folder with Annotations/ID.xml, JPEGImages and, of some images, a picture of its
/// objects, SegmentationObject/ID.png, whose colour i is the i-th; split NAME is
/// ImageSets/Main/NAME.txt, or else Segmentation/NAME.txt. Or a folder of such XML files beside
/// their images, as LabelImg writes them.
///
/// Corners are pixels counted from 1, and the last one belongs to the box (development kit of
/// VOC2012, section 3.1): x = xmin - 1, width = xmax - xmin + 1. `difficult` is kept; `pose`,
/// `truncated`, `occluded` and parts are not.
Conversion convert_voc(const ConversionSource& source);

/// YOLO: a text file per image, a line per object, "class x y width height" or
/// "class x1 y1 x2 y2 …", in shares of the image. Layouts: images/SPLIT and labels/SPLIT
/// (Ultralytics), SPLIT/images and SPLIT/labels (Roboflow), or texts beside their images (darknet,
/// LabelImg). Class names come from data.yaml (or another .yaml with `names`), classes.txt or
/// obj.names. An image without a text has no objects.
Conversion convert_yolo(const ConversionSource& source);

/// LabelMe: a JSON file per image, `shapes` of polygons, rectangles and circles; shapes of one
/// group_id and label are one object. Lines and points are dropped.
Conversion convert_labelme(const ConversionSource& source);

/// VGG Image Annotator 1 and 2: one JSON file, regions of rectangles, polygons, circles and
/// ellipses; the class is a region's attribute.
Conversion convert_via(const ConversionSource& source);

/// CVAT for images 1.1: one XML file of boxes, polygons, ellipses and masks; polygons of one label
/// and group_id are one object. Tracks of videos are refused.
Conversion convert_cvat(const ConversionSource& source);

/// By its name: voc, yolo, labelme, via, cvat. Throws ConfigError for another.
Conversion convert_export(const std::string& format, const ConversionSource& source);

}  // namespace denovo::data
