// Detection on one picture, looked at once.
#pragma once

#include "data/image/image.h"
#include "data/loading/batch.h"
#include "data/loading/input_rule.h"
#include "detection/mask_rcnn/mask_rcnn.h"
#include "detection/structures/image_detections.h"

namespace denovo::detection {

/// The images of a batch as the network sees them, on the device.
ImageBatch network_input(const data::Batch& batch, const MaskRcnn& model, Device device);

/// The detections in the pixels of the picture; ids as in post_process.
ImageDetections detect_image(MaskRcnn& model, const data::Image& image, int64_t image_id,
                             const CategoryIds& category_ids, const data::InputRule& rule,
                             Device device);

}  // namespace denovo::detection
