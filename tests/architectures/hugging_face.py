"""Hugging Face models, tiny and with random weights: an architecture's name gives the loss of one training step.

Nothing is downloaded: a configuration is made here, and the model from it. Four layouts of the configuration serve
most of them; what a model names otherwise stands beside its name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import transformers
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForCTC,
    AutoModelForImageClassification,
    AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM,
    AutoModelForSpeechSeq2Seq,
)

Tensor = torch.Tensor
Loss = Callable[[], Tensor]
Settings = dict[str, Any]

WORDS, LENGTH = 40, 8
TOKENS: Settings = {"vocab_size": WORDS, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
TEXT: Settings = TOKENS | {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 36,
    "max_position_embeddings": 32,
}
PAIR: Settings = TOKENS | {
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 36,
    "decoder_ffn_dim": 36,
    "max_position_embeddings": 32,
    "decoder_start_token_id": 2,
    "forced_eos_token_id": None,
}
T5: Settings = TOKENS | {
    "d_model": 32,
    "d_kv": 8,
    "d_ff": 36,
    "num_layers": 2,
    "num_heads": 4,
    "decoder_start_token_id": 0,
}
IMAGE: Settings = {
    "image_size": 32,
    "patch_size": 8,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 36,
    "num_labels": 3,
}
STAGES: Settings = {"image_size": 32, "num_labels": 3}
EXPERTS: Settings = {"num_local_experts": 4, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16}
SPEECH: Settings = TEXT | {
    "conv_dim": (16, 16),
    "conv_stride": (4, 2),
    "conv_kernel": (8, 3),
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
    "mask_time_prob": 0.0,
    "layerdrop": 0.0,
}

CAUSAL: dict[str, Settings] = {
    "bloom": {},
    "codegen": {"rotary_dim": 4},
    "cohere": {},
    "ctrl": {"dff": 36},
    "deepseek_v3": EXPERTS
    | {
        "kv_lora_rank": 8,
        "q_lora_rank": 8,
        "qk_rope_head_dim": 4,
        "qk_nope_head_dim": 4,
        "v_head_dim": 8,
        "n_group": 2,
        "topk_group": 1,
        "n_routed_experts": 4,
        "first_k_dense_replace": 1,
        "num_key_value_heads": 4,
    },
    "falcon": {},
    "falcon_mamba": {"state_size": 4},
    "gemma": {"head_dim": 8},
    "gemma2": {"head_dim": 8},
    "gemma3_text": {"head_dim": 8},
    "glm": {"head_dim": 8},
    "gpt2": {},
    "gpt_bigcode": {},
    "gpt_neo": {"num_layers": 2, "attention_types": [[["global", "local"], 1]], "num_heads": 4},
    "gpt_neox": {},
    "gpt_oss": EXPERTS | {"head_dim": 8},
    "gptj": {"rotary_dim": 4},
    "granite": {},
    "granitemoe": EXPERTS,
    "helium": {"head_dim": 8},
    "jamba": EXPERTS | {"mamba_d_state": 4, "use_mamba_kernels": False, "attn_layer_period": 2, "attn_layer_offset": 1},
    "llama": {},
    "mamba": {"state_size": 4},
    "mamba2": {"state_size": 4, "num_heads": 8, "head_dim": 8, "n_groups": 2, "chunk_size": 4},
    "mistral": {},
    "mixtral": EXPERTS,
    "mpt": {"d_model": 32, "n_heads": 4, "n_layers": 2, "max_seq_len": 32},
    "nemotron": {},
    "olmo": {},
    "olmo2": {},
    "olmoe": EXPERTS,
    "openai-gpt": {},
    "opt": {"ffn_dim": 36, "word_embed_proj_dim": 32},
    "persimmon": {},
    "phi": {},
    "phi3": {},
    "phimoe": EXPERTS,
    "qwen2": {},
    "qwen2_moe": EXPERTS | {"shared_expert_intermediate_size": 16},
    "qwen3": {"head_dim": 8},
    "qwen3_moe": EXPERTS | {"head_dim": 8},
    "rwkv": {"attention_hidden_size": 32, "context_length": 32},
    "smollm3": {},
    "stablelm": {},
    "starcoder2": {},
    "xglm": {"d_model": 32, "num_layers": 2, "attention_heads": 4, "ffn_dim": 36},
    "xlnet": {"d_model": 32, "n_layer": 2, "n_head": 4, "d_inner": 36, "max_position_embeddings": None},
}
MASKED: dict[str, Settings] = {
    "albert": {"embedding_size": 16},
    "bert": {},
    "big_bird": {"attention_type": "original_full"},
    "camembert": {},
    "convbert": {"embedding_size": 32},
    "data2vec-text": {},
    "deberta": {"relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
    "deberta-v2": {"relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
    "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 36},
    "electra": {"embedding_size": 16},
    "ernie": {},
    "esm": {"mask_token_id": 3},
    "fnet": {},
    "funnel": {"block_sizes": [1, 1], "d_model": 32, "n_head": 4, "d_head": 8, "d_inner": 36}
    | {"num_hidden_layers": None},
    "ibert": {},
    "layoutlm": {},
    "longformer": {"attention_window": 4},
    "megatron-bert": {},
    "mobilebert": {"intra_bottleneck_size": 16, "embedding_size": 16},
    "modernbert": {"cls_token_id": 1, "sep_token_id": 2},
    "mpnet": {},
    "nystromformer": {"num_landmarks": 4, "segment_means_seq_len": 8},
    "rembert": {"input_embedding_size": 16, "output_embedding_size": 16},
    "roberta": {},
    "roformer": {"embedding_size": 32},
    "squeezebert": {"embedding_size": 32},
    "xlm": {"emb_dim": 32, "n_layers": 2, "n_heads": 4},
    "xlm-roberta": {},
    "xmod": {"languages": ["en"], "default_language": "en"},
}
SEQUENCE: dict[str, Settings] = {
    "bart": PAIR,
    "bigbird_pegasus": PAIR | {"attention_type": "original_full"},
    "blenderbot": PAIR,
    "led": PAIR | {"attention_window": 4, "max_encoder_position_embeddings": 32, "max_decoder_position_embeddings": 32},
    "longt5": T5 | {"local_radius": 3},
    "m2m_100": PAIR,
    "marian": PAIR,
    "mbart": PAIR,
    "mt5": T5,
    "pegasus": PAIR,
    "plbart": PAIR,
    "prophetnet": TOKENS
    | {"hidden_size": 32, "num_encoder_layers": 2, "num_decoder_layers": 2, "decoder_start_token_id": 2}
    | {"num_encoder_attention_heads": 4, "num_decoder_attention_heads": 4, "max_position_embeddings": 32}
    | {"encoder_ffn_dim": 36, "decoder_ffn_dim": 36},
    "switch_transformers": T5 | {"num_experts": 2, "num_sparse_encoder_layers": 1, "num_sparse_decoder_layers": 1},
    "t5": T5,
    "umt5": T5,
}
PICTURES: dict[str, Settings] = {
    "beit": IMAGE,
    "bit": STAGES | {"embedding_size": 8, "hidden_sizes": [16, 16], "depths": [1, 1], "num_groups": 4},
    "convnext": STAGES | {"hidden_sizes": [8, 16], "depths": [1, 1], "num_stages": 2},
    "convnextv2": STAGES | {"hidden_sizes": [8, 16], "depths": [1, 1], "num_stages": 2},
    "cvt": STAGES,
    "data2vec-vision": IMAGE,
    "deit": IMAGE | {"architectures": ["DeiTForImageClassification"]},
    "dinov2": IMAGE,
    "efficientnet": STAGES | {"width_coefficient": 0.25, "depth_coefficient": 0.2, "hidden_dim": 320},
    "focalnet": STAGES | {"embed_dim": 8, "depths": [1, 1], "focal_levels": [2, 2], "focal_windows": [3, 3]},
    "levit": STAGES
    | {"architectures": ["LevitForImageClassification"]}
    | {"hidden_sizes": [16, 32, 48], "num_attention_heads": [2, 2, 2], "depths": [1, 1, 1], "key_dim": [8, 8, 8]},
    "mobilenet_v1": STAGES | {"depth_multiplier": 0.25, "min_depth": 8},
    "mobilenet_v2": STAGES | {"depth_multiplier": 0.25, "min_depth": 8},
    "mobilevit": STAGES | {"hidden_sizes": [16, 16, 16], "neck_hidden_sizes": [8, 8, 8, 8, 16, 16, 32]},
    "poolformer": STAGES | {"hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1]},
    "pvt": STAGES | {"hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1], "num_attention_heads": [1, 1, 2, 2]},
    "regnet": STAGES | {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1], "groups_width": 8},
    "resnet": STAGES | {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]},
    "segformer": STAGES
    | {"hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1], "num_attention_heads": [1, 1, 2, 2]}
    | {"decoder_hidden_size": 16},
    "swin": STAGES | {"patch_size": 4, "embed_dim": 8, "depths": [1, 1], "num_heads": [2, 2], "window_size": 4},
    "swinv2": STAGES | {"patch_size": 4, "embed_dim": 8, "depths": [1, 1], "num_heads": [2, 2], "window_size": 4},
    "vit": IMAGE,
    "vit_msn": IMAGE,
}
SOUNDS: dict[str, Settings] = {
    "data2vec-audio": SPEECH,
    "hubert": SPEECH,
    "sew": SPEECH | {"squeeze_factor": 1},
    "unispeech": SPEECH,
    "wav2vec2": SPEECH,
    "wav2vec2-conformer": SPEECH | {"position_embeddings_type": "rotary"},
    "wavlm": SPEECH,
}


def tokens() -> Tensor:
    return torch.randint(3, WORDS, (2, LENGTH))


def text_model(family: Any, name: str, settings: Settings) -> Loss:
    given = {key: value for key, value in settings.items() if value is not None}
    model = family.from_config(AutoConfig.for_model(name, **given)).train()
    ids = tokens()
    return lambda: model(input_ids=ids, labels=ids).loss


def picture_model(name: str, settings: Settings) -> Loss:
    model = AutoModelForImageClassification.from_config(AutoConfig.for_model(name, **settings)).train()
    side = model.config.image_size if isinstance(getattr(model.config, "image_size", None), int) else 32
    pixels, labels = torch.randn(2, 3, side, side), torch.tensor([0, 2])
    return lambda: model(pixel_values=pixels, labels=labels).loss


def sound_model(name: str, settings: Settings) -> Loss:
    model = AutoModelForCTC.from_config(AutoConfig.for_model(name, **settings)).train()
    waves, labels = torch.randn(2, 160), torch.randint(3, WORDS, (2, 3))
    return lambda: model(input_values=waves, labels=labels).loss


def whisper() -> Loss:
    settings = PAIR | {"num_mel_bins": 8, "max_source_positions": 10, "max_target_positions": 20}
    model = AutoModelForSpeechSeq2Seq.from_config(AutoConfig.for_model("whisper", **settings)).train()
    heard, ids = torch.randn(2, 8, 20), tokens()
    return lambda: model(input_features=heard, labels=ids).loss


def speech_to_text() -> Loss:
    settings = PAIR | {"input_feat_per_channel": 8, "max_source_positions": 40, "max_target_positions": 20}
    config = AutoConfig.for_model("speech_to_text", **settings, conv_channels=16)
    model = AutoModelForSpeechSeq2Seq.from_config(config).train()
    heard, ids = torch.randn(2, 24, 8), tokens()
    return lambda: model(input_features=heard, labels=ids).loss


def pictures_and_words(name: str, **extra: Any) -> Loss:
    settings = {"text_config": TEXT | {"projection_dim": 16}, "vision_config": IMAGE | {"projection_dim": 16}} | extra
    model = AutoModel.from_config(AutoConfig.for_model(name, **settings)).train()
    ids, pixels = tokens(), torch.randn(2, 3, 32, 32)
    return lambda: model(input_ids=ids, pixel_values=pixels, return_loss=True).loss


def time_series(name: str, **settings: Any) -> Loss:
    shape = {"num_input_channels": 3, "context_length": 16, "prediction_length": 4, "patch_length": 4}
    layers = {"d_model": 16, "num_attention_heads": 4, "num_hidden_layers": 2, "ffn_dim": 16, "num_layers": 2}
    config = AutoConfig.for_model(name, **shape, **layers, **settings)
    family = {"patchtst": "PatchTSTForPrediction", "patchtsmixer": "PatchTSMixerForPrediction"}[name]
    model = getattr(transformers, family)(config).train()
    past, future = torch.randn(2, 16, 3), torch.randn(2, 4, 3)
    return lambda: model(past_values=past, future_values=future).loss


def decision_transformer() -> Loss:
    config = AutoConfig.for_model(
        "decision_transformer", state_dim=3, act_dim=2, hidden_size=16, n_layer=2, n_head=2, max_ep_len=32
    )
    model = AutoModel.from_config(config).train()
    states, actions, returns = torch.randn(2, 5, 3), torch.randn(2, 5, 2), torch.randn(2, 5, 1)
    when, seen = torch.arange(5).expand(2, 5), torch.ones(2, 5, dtype=torch.long)

    def loss() -> Tensor:
        made = model(
            states=states,
            actions=actions,
            rewards=returns,
            returns_to_go=returns,
            timesteps=when,
            attention_mask=seen,
        )
        return torch.nn.functional.mse_loss(made.action_preds, actions)

    return loss


def models() -> dict[str, Callable[[], Loss]]:
    """Every architecture by name: what builds it and returns its loss."""
    found: dict[str, Callable[[], Loss]] = {}
    for family, table in ((AutoModelForCausalLM, CAUSAL), (AutoModelForMaskedLM, MASKED)):
        for name, extra in table.items():
            found[name] = lambda family=family, name=name, extra=extra: text_model(family, name, TEXT | extra)
    for name, settings in SEQUENCE.items():
        found[name] = lambda name=name, settings=settings: text_model(AutoModelForSeq2SeqLM, name, settings)
    for name, settings in PICTURES.items():
        found[name] = lambda name=name, settings=settings: picture_model(name, settings)
    for name, settings in SOUNDS.items():
        found[name] = lambda name=name, settings=settings: sound_model(name, settings)
    for name in ("clip", "siglip", "chinese_clip", "altclip", "clipseg", "blip"):
        found[name] = lambda name=name: pictures_and_words(name)
    found["whisper"] = whisper
    found["speech_to_text"] = speech_to_text
    found["patchtst"] = lambda: time_series("patchtst")
    found["patchtsmixer"] = lambda: time_series("patchtsmixer")
    found["decision_transformer"] = decision_transformer
    return found
