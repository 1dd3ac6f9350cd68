// Reports what stays of something that was deleted.
#pragma once

#include <string>

#include "cli/program/console.h"
#include <google/protobuf/repeated_ptr_field.h>

namespace imprint::cli {

using ResourceNames = google::protobuf::RepeatedPtrField<std::string>;

// Names what was made from `name`, and says how to delete that, too. The event is "deleted".
void TellWhatStays(const std::string& name, const ResourceNames& embeddings,
                   const ResourceNames& image_sets, Console& console);

}  // namespace imprint::cli
