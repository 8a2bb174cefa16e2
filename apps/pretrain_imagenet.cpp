// Pre-trains a trunk for detectors: an image classifier on a folder per class, as ImageNet is laid
// out.
#include "apps/commands/train_command.h"
#include "core/dist/launch.h"
#include "detection/pretraining/classifier_task.h"

namespace {

using namespace denovo;

int pretrain_imagenet(int argc, char** argv, ProcessGroup& group) {
  Options options(
      "pretrain_imagenet",
      "Trains an image classifier on a folder per class, whose trunk any detector takes as "
      "model.init");
  return apps::train_as_asked<detection::ClassifierConfig>(options, argc, argv, group);
}

}  // namespace

int main(int argc, char** argv) {
  return denovo::run_ranks(argc, argv, pretrain_imagenet);
}
