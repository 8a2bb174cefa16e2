#include "detection/prediction/detect_image.h"

#include "data/loading/batch_builder.h"
#include "detection/prediction/post_process.h"

namespace denovo::detection {

ImageBatch network_input(const data::Batch& batch, const MaskRcnn& model, Device device) {
  const Tensor sizes = batch.image_sizes.to(device);
  return {model.normalize(batch.images.to(device), sizes, DType::kF32), sizes, batch.image_ids};
}

ImageDetections detect_image(MaskRcnn& model, const data::Image& image, int64_t image_id,
                             const CategoryIds& category_ids, const data::InputRule& rule,
                             Device device) {
  const data::Batch batch = data::image_batch(std::span(&image, 1), rule);
  auto found = post_process(model.detect(network_input(batch, model, device)), batch.image_sizes,
                            batch.original_sizes, Tensor::from<int64_t>({1}, {image_id}),
                            category_ids, model.config());
  return std::move(found.front());
}

}  // namespace denovo::detection
