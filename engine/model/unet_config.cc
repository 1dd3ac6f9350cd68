#include "engine/model/unet_config.h"

#include <string>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"

namespace imprint::engine {
namespace {

constexpr int64_t kMaxChannels = 1 << 16;

// Fields that Stable Diffusion 1.x and 2.x leave empty; another value is another architecture.
constexpr const char* kMustBeEmpty[] = {
    "class_embed_type",      "addition_embed_type",
    "encoder_hid_dim_type",  "time_cond_proj_dim",
    "num_class_embeds",      "cross_attention_norm",
    "time_embedding_act_fn", "timestep_post_act",
    "time_embedding_dim",    "reverse_transformer_layers_per_block",
    "encoder_hid_dim",       "num_attention_heads",
};

struct Fixed {
  const char* key;
  nlohmann::json value;
};

// Fields that have one value in Stable Diffusion 1.x and 2.x.
std::vector<Fixed> MustBe() {
  return {
      {"act_fn", "silu"},
      {"center_input_sample", false},
      {"flip_sin_to_cos", true},
      {"freq_shift", 0},
      {"downsample_padding", 1},
      {"mid_block_scale_factor", 1},
      {"mid_block_type", "UNetMidBlock2DCrossAttn"},
      {"dual_cross_attention", false},
      {"only_cross_attention", false},
      {"resnet_time_scale_shift", "default"},
      {"resnet_skip_time_act", false},
      {"resnet_out_scale_factor", 1.0},
      {"time_embedding_type", "positional"},
      {"attention_type", "default"},
      {"class_embeddings_concat", false},
      {"conv_in_kernel", 3},
      {"conv_out_kernel", 3},
  };
}

absl::Status CheckArchitecture(const JsonObject& config) {
  for (const char* key : kMustBeEmpty) {
    if (config.Has(key)) {
      return FieldError(absl::StrCat(config.origin(), ": ", key), Quoted(config.json()[key].dump()),
                        "null, as in Stable Diffusion 1.x and 2.x");
    }
  }
  for (const Fixed& field : MustBe()) {
    if (config.Has(field.key) && config.json()[field.key] != field.value) {
      return FieldError(absl::StrCat(config.origin(), ": ", field.key),
                        Quoted(config.json()[field.key].dump()), field.value.dump());
    }
  }
  return absl::OkStatus();
}

// A whole number, or one for each level.
absl::StatusOr<std::vector<int64_t>> PerLevel(const JsonObject& config, const char* key,
                                              size_t levels) {
  if (config.Has(key) && config.json()[key].is_number_integer()) {
    ASSIGN_OR_RETURN(const int64_t value, config.Get<int64_t>(key));
    return std::vector<int64_t>(levels, value);
  }
  ASSIGN_OR_RETURN(std::vector<int64_t> values, config.Get<std::vector<int64_t>>(key));
  if (values.size() != levels) {
    return FieldError(absl::StrCat(config.origin(), ": ", key),
                      absl::StrCat(values.size(), " numbers"),
                      absl::StrCat("one for each of ", levels, " levels"));
  }
  return values;
}

// Whether each block of the list attends to the prompt, by its type's name.
absl::StatusOr<std::vector<bool>> Attends(const JsonObject& config, const char* key,
                                          const std::string& plain, const std::string& attending,
                                          size_t levels) {
  ASSIGN_OR_RETURN(const auto types, config.Get<std::vector<std::string>>(key));
  std::vector<bool> attends;
  for (const std::string& type : types) {
    if (type != plain && type != attending) {
      return FieldError(absl::StrCat(config.origin(), ": ", key), Quoted(type),
                        absl::StrCat(plain, " or ", attending));
    }
    attends.push_back(type == attending);
  }
  if (attends.size() != levels) {
    return FieldError(absl::StrCat(config.origin(), ": ", key),
                      absl::StrCat(attends.size(), " blocks"),
                      absl::StrCat("one for each of ", levels, " levels"));
  }
  return attends;
}

absl::Status CheckSizes(const JsonObject& config, const UnetConfig& unet) {
  const auto refuse = [&](absl::string_view key, int64_t value, absl::string_view expected) {
    return FieldError(absl::StrCat(config.origin(), ": ", key), absl::StrCat(value), expected);
  };
  if (unet.in_channels == 9)
    return refuse("in_channels", 9, "4; inpainting models are not supported");
  if (unet.in_channels != 4) return refuse("in_channels", unet.in_channels, "4");
  if (unet.out_channels != 4) return refuse("out_channels", unet.out_channels, "4");
  if (unet.groups < 1) return refuse("norm_num_groups", unet.groups, "at least 1");
  if (unet.layers_per_block < 1 || unet.layers_per_block > 16) {
    return refuse("layers_per_block", unet.layers_per_block, "1 to 16");
  }
  if (unet.transformer_blocks < 1 || unet.transformer_blocks > 16) {
    return refuse("transformer_layers_per_block", unet.transformer_blocks, "1 to 16");
  }
  if (unet.context_channels < 1 || unet.context_channels > kMaxChannels) {
    return refuse("cross_attention_dim", unet.context_channels, "a width such as 768");
  }
  if (unet.sample_size < 1 || unet.sample_size > 1024) {
    return refuse("sample_size", unet.sample_size, "the latent's side, such as 64");
  }
  if (unet.levels.empty() || unet.levels.size() > 8) {
    return refuse("block_out_channels", static_cast<int64_t>(unet.levels.size()), "1 to 8 levels");
  }
  for (const UnetConfig::Level& level : unet.levels) {
    if (level.channels < 1 || level.channels > kMaxChannels || level.channels % unet.groups != 0) {
      return refuse("block_out_channels", level.channels,
                    absl::StrCat("a multiple of norm_num_groups, ", unet.groups));
    }
    if (level.heads < 1 || level.channels % level.heads != 0) {
      return refuse("attention_head_dim", level.heads,
                    absl::StrCat("a number of heads that divides ", level.channels));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<UnetConfig> UnetConfig::Parse(const JsonObject& config) {
  RETURN_IF_ERROR(CheckArchitecture(config));
  UnetConfig unet;
  ASSIGN_OR_RETURN(unet.in_channels, config.GetOr<int64_t>("in_channels", 4));
  ASSIGN_OR_RETURN(unet.out_channels, config.GetOr<int64_t>("out_channels", 4));
  ASSIGN_OR_RETURN(unet.sample_size, config.GetOr<int64_t>("sample_size", 64));
  ASSIGN_OR_RETURN(unet.layers_per_block, config.GetOr<int64_t>("layers_per_block", 2));
  ASSIGN_OR_RETURN(unet.transformer_blocks,
                   config.GetOr<int64_t>("transformer_layers_per_block", 1));
  ASSIGN_OR_RETURN(unet.context_channels, config.Get<int64_t>("cross_attention_dim"));
  ASSIGN_OR_RETURN(unet.groups, config.GetOr<int64_t>("norm_num_groups", 32));
  ASSIGN_OR_RETURN(unet.norm_epsilon, config.GetOr<double>("norm_eps", 1e-5));
  ASSIGN_OR_RETURN(unet.linear_projection, config.GetOr<bool>("use_linear_projection", false));

  ASSIGN_OR_RETURN(const auto channels, config.Get<std::vector<int64_t>>("block_out_channels"));
  const size_t levels = channels.size();
  // In these configurations attention_head_dim is the number of heads, not their size.
  ASSIGN_OR_RETURN(const auto heads, PerLevel(config, "attention_head_dim", levels));
  ASSIGN_OR_RETURN(const auto down, Attends(config, "down_block_types", "DownBlock2D",
                                            "CrossAttnDownBlock2D", levels));
  // The up path's blocks are listed from the coarsest level to the finest.
  ASSIGN_OR_RETURN(const auto up,
                   Attends(config, "up_block_types", "UpBlock2D", "CrossAttnUpBlock2D", levels));
  for (size_t i = 0; i < levels; ++i) {
    unet.levels.push_back({channels[i], heads[i], down[i], up[levels - 1 - i]});
  }
  RETURN_IF_ERROR(CheckSizes(config, unet));
  return unet;
}

}  // namespace imprint::engine
