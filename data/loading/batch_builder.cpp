#include "data/loading/batch_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "core/error.h"
#include "data/coco/annotation_checks.h"
#include "data/coco/keypoints.h"
#include "data/loading/point_map.h"
#include "data/loading/visible_objects.h"

namespace denovo::data {
namespace {

int64_t round_up_to_8(int64_t count) {
  return std::max<int64_t>((count + 7) / 8 * 8, 8);
}

/// The tensors of the pixels; rows and columns beyond an image stay zero.
Batch pack_images(std::span<const std::shared_ptr<const Image>> images,
                  const std::vector<ImageTransform>& transforms, ImageSize padded) {
  const auto n = static_cast<int64_t>(images.size());
  Batch batch;
  batch.images = Tensor::zeros({n, padded.height, padded.width, 3}, DType::kU8);
  batch.image_sizes = Tensor::empty({n, 2}, DType::kI32);
  batch.original_sizes = Tensor::empty({n, 2}, DType::kI32);
  batch.image_ids = Tensor::empty({n}, DType::kI64);
  batch.transforms = Tensor::empty({n, 5}, DType::kF32);
  for (int64_t i = 0; i < n; ++i) {
    const ImageTransform& transform = transforms[i];
    const CropWindow window = transform.window();
    const auto [top, left, height, width] = window;
    Image input = resize_window(*images[i], transform.resized, window);
    if (transform.flipped) flip_horizontal(input);
    uint8_t* out = batch.images.data<uint8_t>() + i * padded.height * padded.width * 3;
    for (int y = 0; y < height; ++y) {
      std::memcpy(out + int64_t{y} * padded.width * 3, input.row(y), input.row_bytes());
    }
    batch.image_sizes.data<int32_t>()[2 * i] = height;
    batch.image_sizes.data<int32_t>()[2 * i + 1] = width;
    batch.original_sizes.data<int32_t>()[2 * i] = transform.original.height;
    batch.original_sizes.data<int32_t>()[2 * i + 1] = transform.original.width;
    float* row = batch.transforms.data<float>() + 5 * i;
    row[0] = transform.scale_x();
    row[1] = transform.scale_y();
    row[2] = transform.flipped ? 1.f : 0.f;
    row[3] = static_cast<float>(transform.flipped ? left + width : left);
    row[4] = static_cast<float>(top);
  }
  return batch;
}

/// Writes one object's x, y, v, moved by `offset` from the pixels that keypoints name. In a flipped
/// image the left eye is where the right one was.
void write_keypoints(const PointMap& map, const CocoImage& image, std::span<const double> keypoints,
                     std::span<const int> mirror, double offset, float* xyv) {
  for (size_t k = 0; 3 * k < keypoints.size(); ++k) {
    const auto keypoint = keypoints.subspan(3 * k).first<3>();
    if (!usable_keypoint(image, keypoint)) continue;
    const double x = map.x(keypoint[0] + offset), y = map.y(keypoint[1] + offset);
    if (map.crops && !map.sees(x, y)) continue;
    float* to = xyv + 3 * (map.flipped ? static_cast<size_t>(mirror[k]) : k);
    to[0] = static_cast<float>(x);
    to[1] = static_cast<float>(y);
    to[2] = static_cast<float>(keypoint[2]);
  }
}

/// Writes the masks of one image, instance after instance.
class MaskWriter {
 public:
  MaskWriter(const Capacities& capacities, int64_t slot, Batch& batch)
      : capacities_(capacities),
        xy_(batch.polygon_xy.data<float>() + slot * capacities.vertices * 2),
        starts_(batch.polygon_starts.data<int32_t>() + slot * (capacities.polygons + 1)),
        instance_polygons_(batch.instance_polygons.data<int32_t>() +
                           slot * (capacities.instances + 1)) {
    if (capacities.runs == 0) return;
    ends_ = batch.run_ends.data<int32_t>() + slot * capacities.runs;
    instance_runs_ = batch.instance_runs.data<int32_t>() + slot * (capacities.instances + 1);
  }

  void begin_instance(int64_t g) {
    instance_polygons_[g] = polygons_;
    if (instance_runs_) instance_runs_[g] = runs_;
  }

  void add_polygons(const PolygonsView& polygons, const PointMap& map) {
    size_t first = 0;
    for (const uint32_t size : polygons.sizes) {
      const std::span<const double> xy = polygons.xy.subspan(first, size);
      first += size;
      if (!usable_polygon(size)) continue;
      starts_[polygons_++] = vertices_;
      for (uint32_t i = 0; i < size; i += 2, ++vertices_) {
        xy_[2 * vertices_] = static_cast<float>(map.x(xy[i]));
        xy_[2 * vertices_ + 1] = static_cast<float>(map.y(xy[i + 1]));
      }
    }
  }

  void add_runs(RleView rle) {
    int64_t end = 0;
    for (const uint32_t count : rle.counts) {
      end += count;
      ends_[runs_++] = static_cast<int32_t>(end);
    }
  }

  /// Empty ranges for the slots from instance g on, and for the polygons that are left.
  void finish(int64_t g) {
    for (; g <= capacities_.instances; ++g) begin_instance(g);
    for (int64_t p = polygons_; p <= capacities_.polygons; ++p) starts_[p] = vertices_;
  }

 private:
  const Capacities& capacities_;
  float* xy_;
  int32_t *starts_, *instance_polygons_, *ends_ = nullptr, *instance_runs_ = nullptr;
  int32_t polygons_ = 0, vertices_ = 0, runs_ = 0;
};

void allocate_objects(const Capacities& capacities, Batch& batch) {
  const int64_t n = batch.count(), slots = capacities.instances;
  batch.boxes = Tensor::zeros({n, slots, 4}, DType::kF32);
  batch.classes = Tensor::full({n, slots}, -1, DType::kI32);
  if (capacities.keypoints > 0)
    batch.keypoints = Tensor::zeros({n, slots, capacities.keypoints, 3}, DType::kF32);
  if (!capacities.masks) return;
  batch.polygon_xy = Tensor::zeros({n, capacities.vertices, 2}, DType::kF32);
  batch.polygon_starts = Tensor::empty({n, capacities.polygons + 1}, DType::kI32);
  batch.instance_polygons = Tensor::empty({n, slots + 1}, DType::kI32);
  if (capacities.runs == 0) return;
  batch.run_ends = Tensor::zeros({n, capacities.runs}, DType::kI32);
  batch.instance_runs = Tensor::empty({n, slots + 1}, DType::kI32);
}

}  // namespace

Capacities capacities_of(const TrainingLimits& limits, bool masks) {
  Capacities capacities;
  capacities.masks = masks;
  capacities.instances = round_up_to_8(limits.instances_per_image);
  capacities.vertices = round_up_to_8(limits.vertices_per_image);
  capacities.polygons = round_up_to_8(limits.polygons_per_image);
  if (limits.runs_per_image > 0) capacities.runs = round_up_to_8(limits.runs_per_image);
  capacities.keypoints = limits.keypoints;
  return capacities;
}

BatchBuilder::BatchBuilder(ImageFiles files, const TrainingView& view, BatchBuilderOptions options)
    : files_(std::move(files)),
      dataset_(files_.dataset()),
      view_(view),
      options_(std::move(options)),
      view_position_(dataset_.images().size(), -1),
      mirror_(mirrored_keypoints(keypoint_names(dataset_))),
      capacities_(capacities_of(view.limits, options_.masks)),
      images_(dataset_.images().size(), options_.cache_bytes,
              [this](size_t image) { return files_.read(static_cast<int>(image)); }) {
  for (size_t i = 0; i < view.images.size(); ++i) {
    view_position_[view.images[i]] = static_cast<int>(i);
  }
}

DecodedImages::Pointer BatchBuilder::load_or_substitute(PlannedImage& planned) const {
  const int position = view_position_[planned.image];
  if (!options_.skip_bad_images || position < 0) return images_.load(planned.image);
  const int64_t group = group_key(options_.rule, planned.transform.resized);
  const size_t count = view_.images.size();
  const auto candidate = [&](size_t place) -> PlannedImage {
    if (place == 0) return planned;
    const int image = view_.images[(position + place) % count];
    const CocoImage& entry = dataset_.images()[image];
    return {image, planned.epoch,
            training_transform(options_.rule, {entry.height, entry.width}, options_.seed,
                               planned.epoch, entry.id)};
  };
  auto [place, loaded] = images_.first_readable(count, [&](size_t k) -> std::optional<size_t> {
    const PlannedImage other = candidate(k);
    if (group_key(options_.rule, other.transform.input()) != group) return std::nullopt;
    return other.image;
  });
  if (!loaded) return images_.load(planned.image);  // no substitute: says what is wrong
  planned = candidate(place);
  return loaded;
}

void BatchBuilder::fill_objects(const PlannedImage& planned, int slot, Batch& batch) const {
  const int position = view_position_[planned.image];
  const PointMap map(planned.transform);
  std::vector<VisibleObject> objects;
  if (position >= 0)
    objects = visible_objects(dataset_, view_.instances_of(position), map, capacities_.masks);
  const int64_t slots = capacities_.instances;
  DENOVO_DCHECK(std::ssize(objects) <= slots);
  for (size_t g = 0; g < objects.size(); ++g) {
    const CocoAnnotation& annotation = dataset_.annotations()[objects[g].annotation];
    const int64_t index = slot * slots + static_cast<int64_t>(g);
    for (size_t k = 0; k < 4; ++k)
      batch.boxes.data<float>()[4 * index + static_cast<int64_t>(k)] =
          static_cast<float>(objects[g].box[k]);
    batch.classes.data<int32_t>()[index] = annotation.category;
    if (const std::span<const double> keypoints = dataset_.keypoints(annotation);
        capacities_.keypoints > 0 && !keypoints.empty()) {
      DENOVO_DCHECK(std::ssize(keypoints) == 3 * capacities_.keypoints);
      write_keypoints(map, dataset_.images()[static_cast<size_t>(planned.image)], keypoints,
                      mirror_, options_.keypoint_offset,
                      batch.keypoints.data<float>() + index * 3 * capacities_.keypoints);
    }
  }
  if (!capacities_.masks) return;
  MaskWriter writer(capacities_, slot, batch);
  for (size_t g = 0; g < objects.size(); ++g) {
    const CocoAnnotation& annotation = dataset_.annotations()[objects[g].annotation];
    writer.begin_instance(static_cast<int64_t>(g));
    if (annotation.segmentation == SegmentationKind::kPolygons) {
      writer.add_polygons(dataset_.polygons(annotation), map);
    } else if (annotation.segmentation == SegmentationKind::kRle) {
      writer.add_runs(dataset_.rle(annotation));
    }
  }
  writer.finish(static_cast<int64_t>(objects.size()));
}

Batch BatchBuilder::build(std::span<const PlannedImage> plan) const {
  std::vector<PlannedImage> planned(plan.begin(), plan.end());
  std::vector<DecodedImages::Pointer> images;
  std::vector<ImageTransform> transforms;
  for (PlannedImage& image : planned) {
    images.push_back(load_or_substitute(image));
    transforms.push_back(image.transform);
  }
  Batch batch = pack_images(images, transforms, padded_size(transforms, options_.rule));
  allocate_objects(capacities_, batch);
  for (size_t i = 0; i < planned.size(); ++i) {
    batch.image_ids.data<int64_t>()[i] = dataset_.images()[planned[i].image].id;
    fill_objects(planned[i], static_cast<int>(i), batch);
  }
  return batch;
}

Batch image_batch(std::span<const Image> images, const InputRule& rule, bool mirrored) {
  std::vector<std::shared_ptr<const Image>> pointers;
  std::vector<ImageTransform> transforms;
  for (const Image& image : images) {
    pointers.emplace_back(std::shared_ptr<const Image>(), &image);  // not owned
    transforms.push_back(evaluation_transform(rule, {image.height, image.width}));
    transforms.back().flipped = mirrored;
  }
  Batch batch = pack_images(pointers, transforms, padded_size(transforms, rule));
  for (size_t i = 0; i < images.size(); ++i) {
    batch.image_ids.data<int64_t>()[i] = static_cast<int64_t>(i);
  }
  return batch;
}

}  // namespace denovo::data
