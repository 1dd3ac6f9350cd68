#include "engine/model/vae_config.h"

#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"

namespace imprint::engine {
namespace {

absl::Status CheckBlockTypes(const JsonObject& config, const char* key, const std::string& expected,
                             size_t levels) {
  if (!config.Has(key)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto types, config.Get<std::vector<std::string>>(key));
  if (types != std::vector<std::string>(levels, expected)) {
    return FieldError(absl::StrCat(config.origin(), ": ", key), Quoted(config.json()[key].dump()),
                      absl::StrCat(levels, " times ", expected));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<VaeConfig> VaeConfig::Parse(const JsonObject& config) {
  VaeConfig vae;
  ASSIGN_OR_RETURN(vae.latent_channels, config.GetOr<int64_t>("latent_channels", 4));
  ASSIGN_OR_RETURN(vae.channels, config.Get<std::vector<int64_t>>("block_out_channels"));
  ASSIGN_OR_RETURN(vae.layers_per_block, config.GetOr<int64_t>("layers_per_block", 1));
  ASSIGN_OR_RETURN(vae.groups, config.GetOr<int64_t>("norm_num_groups", 32));
  ASSIGN_OR_RETURN(vae.scaling_factor, config.GetOr<double>("scaling_factor", 0.18215));
  ASSIGN_OR_RETURN(vae.quant_conv, config.GetOr<bool>("use_quant_conv", true));
  ASSIGN_OR_RETURN(vae.post_quant_conv, config.GetOr<bool>("use_post_quant_conv", true));
  ASSIGN_OR_RETURN(const int64_t in, config.GetOr<int64_t>("in_channels", 3));
  ASSIGN_OR_RETURN(const int64_t out, config.GetOr<int64_t>("out_channels", 3));
  ASSIGN_OR_RETURN(const bool attention, config.GetOr<bool>("mid_block_add_attention", true));
  ASSIGN_OR_RETURN(const std::string activation, config.GetOr<std::string>("act_fn", "silu"));

  const auto refuse = [&](absl::string_view key, absl::string_view given,
                          absl::string_view expected) {
    return FieldError(absl::StrCat(config.origin(), ": ", key), given, expected);
  };
  if (vae.latent_channels != 4) {
    return refuse("latent_channels", absl::StrCat(vae.latent_channels), "4");
  }
  if (in != 3 || out != 3)
    return refuse("in_channels, out_channels", absl::StrCat(in, ", ", out), "3, 3");
  if (!attention) return refuse("mid_block_add_attention", "false", "true");
  if (activation != "silu") return refuse("act_fn", Quoted(activation), "\"silu\"");
  if (config.Has("shift_factor")) return refuse("shift_factor", "a value", "null");
  if (vae.layers_per_block < 1 || vae.layers_per_block > 16) {
    return refuse("layers_per_block", absl::StrCat(vae.layers_per_block), "1 to 16");
  }
  if (!(vae.scaling_factor > 0) || !std::isfinite(vae.scaling_factor)) {
    return refuse("scaling_factor", absl::StrCat(vae.scaling_factor), "a positive number");
  }
  if (vae.channels.empty() || vae.channels.size() > 8) {
    return refuse("block_out_channels", absl::StrCat(vae.channels.size(), " levels"),
                  "1 to 8 levels");
  }
  for (const int64_t channels : vae.channels) {
    if (vae.groups < 1 || channels < 1 || channels > 1 << 16 || channels % vae.groups != 0) {
      return refuse("block_out_channels", absl::StrCat(channels),
                    absl::StrCat("a multiple of norm_num_groups, ", vae.groups));
    }
  }
  RETURN_IF_ERROR(
      CheckBlockTypes(config, "down_block_types", "DownEncoderBlock2D", vae.channels.size()));
  RETURN_IF_ERROR(
      CheckBlockTypes(config, "up_block_types", "UpDecoderBlock2D", vae.channels.size()));
  return vae;
}

}  // namespace imprint::engine
