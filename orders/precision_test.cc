#include "orders/precision.h"

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

TEST(Precision, NamesComeBack) {
  for (const Precision precision : {Precision::kFp32, Precision::kBf16, Precision::kFp16}) {
    EXPECT_EQ(*ParsePrecision("precision", Name(precision)), precision);
  }
  EXPECT_EQ(*ParsePrecision("precision", "auto"), std::nullopt);
  EXPECT_THAT(ParsePrecision("precision", "fp8"),
              RefusesNaming(std::vector<std::string>{"precision", "\"fp8\"", "bf16"}));
}

}  // namespace
}  // namespace imprint
