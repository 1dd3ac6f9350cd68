// Fetches the pictures of a training, as the registry prepares them.
#pragma once

#include <stop_token>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include <imprint/v1/node.pb.h>
#include <imprint/v1/training.pb.h>

#include "base/rgb_image.h"
#include "base/square_fit.h"

namespace imprint::rank {

// Returns all pictures of the ticket, fitted to size × size, in the reference set's order. A
// registry that does not answer, or breaks off, is asked again for as long as `patience`. Returns
// PERMISSION_DENIED if the ticket is void, UNAVAILABLE, CANCELLED, or DATA_LOSS if what arrives is
// not what was asked for.
absl::StatusOr<std::vector<RgbImage>> FetchPreparedPictures(const v1::Ticket& ticket, int size,
                                                            SquareFit fit,
                                                            const std::stop_token& stop,
                                                            absl::Duration patience);

}  // namespace imprint::rank
