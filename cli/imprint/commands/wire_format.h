// The format of pictures, as protos have it.
#pragma once

#include <imprint/v1/imageset.pb.h>

#include "imaging/picture_format.h"

namespace imprint::cli {

v1::PictureFormat ToWire(PictureFormat format);
// One that is not of this version is read as PNG.
PictureFormat FromWire(v1::PictureFormat format);

}  // namespace imprint::cli
