#include "rpc/enum_text.h"

#include <gtest/gtest.h>

namespace imprint {
namespace {

TEST(EnumText, LeavesTheEnumsNameOut) {
  EXPECT_EQ(EnumText("IMAGE_SET_STATE_OPEN", "IMAGE_SET_STATE_"), "open");
  EXPECT_EQ(EnumText("7", "IMAGE_SET_STATE_"), "7");
}

}  // namespace
}  // namespace imprint
