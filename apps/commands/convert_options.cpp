#include "apps/commands/convert_options.h"

#include "detection/config/model_file_config.h"

namespace denovo::apps {

void declare_convert_options(Options& options) {
  options.add({.name = "weights",
               .value = "FILE",
               .meaning =
                   "weights of PyTorch (.pth), Detectron or detectron2 (.pkl), NumPy (.npz), "
                   "or safetensors",
               .required = true});
  options.add({.name = "out", .value = "FILE", .meaning = "model file to write (.safetensors)"});
  options.add({.name = "list",
               .meaning = "print the tensors of the file and what becomes of each, and end"});
  options.add({.name = "from",
               .value = "CODEBASE",
               .meaning = "torchvision, detectron2 or detectron; told by the names when absent"});
  options.add({.name = "to",
               .value = "CODEBASE",
               .meaning = "the other way: a model file of ours as torchvision or detectron2 names "
                          "it, for --out FILE.pth or FILE.safetensors"});
  options.add({.name = "group",
               .value = "NAME",
               .meaning = "dict of the file that holds the model, where that is not clear"});
  options.add({.name = "categories",
               .value = "FILE",
               .meaning = "COCO JSON whose categories are the classes, by ascending id"});
  options.add_config(config_help<detection::ModelFileConfig>());
}

}  // namespace denovo::apps
