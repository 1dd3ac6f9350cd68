// For tests: writes files as torch.save does, and as nobody should.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>
#include <zip.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include <gtest/gtest.h>

namespace imprint {

// Writes a pickle opcode by opcode, in protocol 2 by default.
class PickleWriter {
 public:
  explicit PickleWriter(char protocol = 2) : bytes_({'\x80', protocol}) {}

  PickleWriter& Raw(absl::string_view bytes) {
    absl::StrAppend(&bytes_, bytes);
    return *this;
  }
  template <typename T>
  PickleWriter& Little(T number) {
    char bytes[sizeof(T)];
    std::memcpy(bytes, &number, sizeof(T));
    return Raw({bytes, sizeof(T)});
  }
  PickleWriter& Text(absl::string_view text) {
    return Raw("X").Little(static_cast<uint32_t>(text.size())).Raw(text);
  }
  PickleWriter& Number(int32_t number) { return Raw("J").Little(number); }
  PickleWriter& Long(int64_t number) { return Raw("\x8a\x08").Little(number); }
  PickleWriter& Global(absl::string_view module, absl::string_view name) {
    return Raw(absl::StrCat("c", module, "\n", name, "\n"));
  }
  PickleWriter& Numbers(const std::vector<int64_t>& numbers) {
    Raw("(");
    for (const int64_t number : numbers) Long(number);
    return Raw("t");
  }

  struct TensorSpec {
    std::string storage = "FloatStorage";
    std::string key = "0";
    int64_t elements = 0;
    int64_t offset = 0;
    std::vector<int64_t> shape;
    std::vector<int64_t> strides;
  };
  PickleWriter& Tensor(const TensorSpec& spec) {
    Global("torch._utils", "_rebuild_tensor_v2").Raw("((").Text("storage");
    Global("torch", spec.storage).Text(spec.key).Text("cpu").Long(spec.elements).Raw("tQ");
    Long(spec.offset).Numbers(spec.shape).Numbers(spec.strides).Raw("\x89");
    return Global("collections", "OrderedDict").Raw(")RtR");
  }

  std::string Done() const { return bytes_ + "."; }

 private:
  std::string bytes_;
};

struct ZipPart {
  std::string name;
  std::string content;
  bool deflated = false;
  const char* password = nullptr;
};

inline std::string WriteZip(const std::vector<ZipPart>& parts) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* target = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_source_keep(target);
  zip_t* zip = zip_open_from_source(target, ZIP_CREATE | ZIP_TRUNCATE, &error);
  for (const ZipPart& part : parts) {
    zip_source_t* content = zip_source_buffer(zip, part.content.data(), part.content.size(), 0);
    const auto index =
        static_cast<zip_uint64_t>(zip_file_add(zip, part.name.c_str(), content, ZIP_FL_ENC_UTF_8));
    zip_set_file_compression(zip, index, part.deflated ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 1);
    if (part.password != nullptr) {
      zip_file_set_encryption(zip, index, ZIP_EM_AES_256, part.password);
    }
  }
  EXPECT_EQ(zip_close(zip), 0) << zip_strerror(zip);
  zip_stat_t stat;
  zip_source_stat(target, &stat);
  std::string bytes(stat.size, '\0');
  zip_source_open(target);
  zip_source_read(target, bytes.data(), bytes.size());
  zip_source_close(target);
  zip_source_free(target);
  return bytes;
}

// The numbers of one storage.
struct StorageBytes {
  std::string key;
  int64_t elements = 0;
  std::string bytes;
};

template <typename T>
StorageBytes Storage(const std::string& key, const std::vector<T>& values) {
  return {key, static_cast<int64_t>(values.size()),
          std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T))};
}

inline std::string TorchZip(const std::string& pickle, const std::vector<StorageBytes>& storages) {
  std::vector<ZipPart> parts = {{"archive/data.pkl", pickle}, {"archive/byteorder", "little"}};
  for (const StorageBytes& storage : storages) {
    parts.push_back({absl::StrCat("archive/data/", storage.key), storage.bytes});
  }
  return WriteZip(parts);
}

inline std::string LegacyTorch(const std::string& pickle, const std::vector<StorageBytes>& storages,
                               bool little_endian = true) {
  std::string file =
      PickleWriter()
          .Raw(absl::string_view("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 12))
          .Done();
  file += PickleWriter().Number(1001).Done();
  file +=
      PickleWriter().Raw("}").Text("little_endian").Raw(little_endian ? "\x88s" : "\x89s").Done();
  file += pickle;
  PickleWriter keys;
  keys.Raw("](");
  for (const StorageBytes& storage : storages) keys.Text(storage.key);
  file += keys.Raw("e").Done();
  for (const StorageBytes& storage : storages) {
    file.append(reinterpret_cast<const char*>(&storage.elements), 8);
    file += storage.bytes;
  }
  return file;
}

}  // namespace imprint
