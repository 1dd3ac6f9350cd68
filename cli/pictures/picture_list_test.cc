#include "cli/pictures/picture_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Parts = std::vector<std::string>;

constexpr absl::string_view kPngBegins = "\x89PNG\r\n\x1A\n and so on";

TEST(ListPictures, TakesPicturesInNaturalOrderAndSkipsTheRest) {
  const ScratchFolder folder;
  for (const char* name : {"10.png", "2.JPG", "photo without ending", "more/3.png"}) {
    folder.Write(name, kPngBegins);
  }
  folder.Write("notes.txt", "buy milk");
  folder.Write(".DS_Store", "x");
  ASSERT_OK_AND_ASSIGN(const PictureList list, ListPictures(folder.path()));
  EXPECT_THAT(list.paths, ElementsAre(folder.path() / "2.JPG", folder.path() / "10.png",
                                      folder.path() / "photo without ending"));
  EXPECT_THAT(list.skipped,
              ElementsAre(".DS_Store (hidden)", "more (a folder)", "notes.txt (not a picture)"));
}

TEST(ListPictures, NoPicturesIsAnError) {
  const ScratchFolder folder;
  EXPECT_THAT(ListPictures(folder.path()), RefusesNaming(Parts{"pictures", "an empty folder"}));
  folder.Write("notes.txt", "x");
  EXPECT_THAT(ListPictures(folder.path()), RefusesNaming(Parts{"only notes.txt (not a picture)"}));
  EXPECT_THAT(ListPictures(folder.path() / "none"),
              Fails(absl::StatusCode::kNotFound, HasSubstr("none")));
}

TEST(ListPictures, OnePictureIsAFolderOfOne) {
  const ScratchFolder folder;
  const auto path = folder.Write("1.png", kPngBegins);
  EXPECT_THAT(ListPictures(path)->paths, ElementsAre(path));
}

}  // namespace
}  // namespace imprint::cli
