#include "cli/imprint/commands/what_stays.h"

#include <vector>

namespace imprint::cli {
namespace {

std::vector<std::string> List(const ResourceNames& names) { return {names.begin(), names.end()}; }

}  // namespace

void TellWhatStays(const std::string& name, const ResourceNames& embeddings,
                   const ResourceNames& image_sets, Console& console) {
  for (const std::string& each : embeddings) console.Line("stays", each);
  for (const std::string& each : image_sets) console.Line("stays", each);
  if (!embeddings.empty()) {
    console.Line("", "imprint embeddings block or delete ends the use of what was taught");
  }
  if (!image_sets.empty()) console.Line("", "imprint image-sets delete deletes what was drawn");
  console.Event(
      "deleted",
      {{"name", name}, {"embeddings", List(embeddings)}, {"image_sets", List(image_sets)}});
}

}  // namespace imprint::cli
