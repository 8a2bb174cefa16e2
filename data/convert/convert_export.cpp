#include <fmt/format.h>

#include "core/error.h"
#include "data/convert/formats.h"

namespace denovo::data {

Conversion convert_export(const std::string& format, const ConversionSource& source) {
  if (format == "voc") return convert_voc(source);
  if (format == "yolo") return convert_yolo(source);
  if (format == "labelme") return convert_labelme(source);
  if (format == "via") return convert_via(source);
  if (format == "cvat") return convert_cvat(source);
  throw ConfigError(fmt::format("--from: must be voc, yolo, labelme, via or cvat, got {}", format));
}

}  // namespace denovo::data
