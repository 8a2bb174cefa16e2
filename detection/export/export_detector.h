// A trained detector as an ONNX file: all from the pixels of one image to its detections.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "data/coco/dataset.h"
#include "data/image/image.h"
#include "detection/config/input_config.h"
#include "detection/mask_rcnn/mask_rcnn.h"

namespace denovo::detection {

/// The bytes of a file (docs/export.md) with one input,
///   image    u8 [H, W, 3], RGB, resized by the caller as `input` says,
/// and, descending by score and in pixels of that image, as many detections as there are:
///   boxes    f32 [D, 4], x0 y0 x1 y1
///   scores   f32 [D]
///   classes  i64 [D]: positions in `categories`
///   masks    f32 [D, S, S]: probabilities in the box; without a mask head there is no such output
/// They are what MaskRcnn::detect gives, up to rounding. size: of all images; nullopt: any.
/// Throws ResourceError beyond 2 GB, ConfigError for a model with a keypoint head.
std::string export_detector(const MaskRcnn& model, const InputConfig& input,
                            std::span<const data::CocoCategory> categories,
                            const std::optional<data::ImageSize>& size);

}  // namespace denovo::detection
