// Trains a detector on COCO-format files.
#include "apps/commands/train_command.h"
#include "core/dist/launch.h"
#include "detection/training/detector_task.h"

namespace {

using namespace denovo;

int train_coco(int argc, char** argv, ProcessGroup& group) {
  Options options("train_coco",
                  "Trains Mask R-CNN or Faster R-CNN on COCO-format files, under mpirun with "
                  "several ranks");
  return apps::train_as_asked<detection::TrainConfig>(options, argc, argv, group);
}

}  // namespace

int main(int argc, char** argv) {
  return denovo::run_ranks(argc, argv, train_coco);
}
