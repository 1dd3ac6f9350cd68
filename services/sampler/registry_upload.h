// Uploads one picture to the registry.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include <imprint/v1/transfer.grpc.pb.h>

namespace imprint::sampler {

// Sends the header and the file, which is empty for a blocked picture. Returns the item as the
// registry has it, which may come from an earlier attempt. Errors are the registry's.
absl::StatusOr<v1::Item> UploadItem(v1::TransferService::StubInterface& registry,
                                    const v1::UploadItemRequest::ItemHeader& header,
                                    const std::string& file, absl::Duration timeout);

}  // namespace imprint::sampler
