"""Exports tiny networks with random weights from PyTorch: encoders of the BERT
family and image classifiers of the transformers library and of torchvision, by the
exporter that traces and by the one that captures the graph. No weights are
downloaded. Usage: export_torch.py FOLDER [encoders] [pictures] [blocks]"""

import contextlib
import functools
import io
import logging
import pathlib
import sys
import warnings

import torch
import torchvision.models as tv
import transformers as tf
from torchvision.models.efficientnet import FusedMBConvConfig, MBConvConfig
from torchvision.models.mobilenetv3 import InvertedResidualConfig
from torchvision.models.swin_transformer import PatchMergingV2, SwinTransformerBlockV2

WORDS, WIDTH, HEADS, INNER, CLASSES, VOCABULARY = 5, 8, 2, 12, 3, 11


class Classifier(torch.nn.Module):
    """An encoder with a head on its first word."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder, self.head = encoder, torch.nn.Linear(WIDTH, CLASSES)

    def forward(self, ids, mask):
        hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        return self.head(torch.tanh(hidden[:, 0]))


class Scores(torch.nn.Module):
    """An image classifier that answers scores alone."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, pixels):
        return self.net(pixel_values=pixels).logits


def encoders():
    """Yields name, network and example inputs."""
    layer = torch.nn.TransformerEncoderLayer(WIDTH, HEADS, INNER, dropout=0.0, activation="gelu", batch_first=True)
    yield "layer", torch.nn.Sequential(layer, torch.nn.Flatten(), torch.nn.Linear(WORDS * WIDTH, CLASSES)), (torch.randn(2, WORDS, WIDTH),)
    ids, mask = torch.randint(0, VOCABULARY, (2, WORDS)), torch.ones(2, WORDS, dtype=torch.int64)
    mask[0, 3:] = 0

    def sizes(attention="eager"):
        return {"vocab_size": VOCABULARY, "hidden_size": WIDTH, "num_hidden_layers": 1, "num_attention_heads": HEADS, "intermediate_size": INNER,
                "max_position_embeddings": WORDS + 3, "attn_implementation": attention}

    for act in ("gelu", "gelu_new"):
        yield f"bert-{act}", Classifier(tf.BertModel(tf.BertConfig(hidden_act=act, **sizes()), add_pooling_layer=False)), (ids, mask)
    yield "bert-sdpa", Classifier(tf.BertModel(tf.BertConfig(**sizes("sdpa")), add_pooling_layer=False)), (ids, mask)
    yield "roberta", Classifier(tf.RobertaModel(tf.RobertaConfig(**sizes(), pad_token_id=0), add_pooling_layer=False)), (ids, mask)
    yield "electra", Classifier(tf.ElectraModel(tf.ElectraConfig(embedding_size=WIDTH, **sizes()))), (ids, mask)
    distil = tf.DistilBertConfig(vocab_size=VOCABULARY, dim=WIDTH, n_layers=1, n_heads=HEADS, hidden_dim=INNER, max_position_embeddings=WORDS + 3, attn_implementation="eager")
    yield "distilbert", Classifier(tf.DistilBertModel(distil)), (ids, mask)


def pictures():
    """The same for networks that look at pictures."""
    pixels, kinds = (torch.randn(2, 3, 16, 16),), {"num_labels": CLASSES}
    yield "resnet", Scores(tf.ResNetForImageClassification(tf.ResNetConfig(embedding_size=4, hidden_sizes=[4, 8], depths=[1, 1], layer_type="bottleneck", **kinds))), pixels
    vit = {"image_size": 16, "patch_size": 8, "hidden_size": WIDTH, "num_hidden_layers": 1, "num_attention_heads": HEADS, "intermediate_size": INNER, "attn_implementation": "eager"}
    yield "vit", Scores(tf.ViTForImageClassification(tf.ViTConfig(**vit, **kinds))), pixels
    yield "deit", Scores(tf.DeiTForImageClassification(tf.DeiTConfig(**vit, **kinds))), pixels
    yield "convnext", Scores(tf.ConvNextForImageClassification(tf.ConvNextConfig(patch_size=4, num_stages=2, hidden_sizes=[4, 6], depths=[1, 1], image_size=16, **kinds))), pixels
    yield "swin", Scores(tf.SwinForImageClassification(tf.SwinConfig(image_size=16, patch_size=2, embed_dim=4, depths=[2], num_heads=[2], window_size=4, **kinds))), pixels


def blocks():
    """The same for networks of torchvision, cut down to a few blocks of few channels."""
    pixels = (torch.randn(2, 3, 16, 16),)
    small = functools.partial(InvertedResidualConfig, width_mult=1.0)
    yield "mobilenet-v2", tv.MobileNetV2(CLASSES, width_mult=0.125, inverted_residual_setting=[[1, 32, 1, 1], [2, 48, 2, 2]], round_nearest=4), pixels
    v3 = [small(16, 3, 16, 16, True, "RE", 2, 1), small(16, 5, 24, 16, True, "HS", 1, 1), small(16, 3, 24, 24, False, "HS", 2, 1)]
    yield "mobilenet-v3", tv.MobileNetV3(v3, last_channel=16, num_classes=CLASSES), pixels
    yield "efficientnet", tv.EfficientNet([MBConvConfig(1, 3, 1, 8, 8, 1), MBConvConfig(2, 5, 2, 8, 16, 2)], 0.0, num_classes=CLASSES, last_channel=16), pixels
    yield "efficientnet-v2", tv.EfficientNet([FusedMBConvConfig(2, 3, 1, 8, 8, 1), MBConvConfig(2, 3, 2, 8, 16, 1)], 0.0, num_classes=CLASSES, last_channel=16), pixels
    window = {"patch_size": [2, 2], "embed_dim": 4, "num_heads": [2, 2], "window_size": [4, 4], "num_classes": CLASSES}
    yield "swin", tv.SwinTransformer(depths=[2, 1], **window), pixels
    yield "swin-v2", tv.SwinTransformer(depths=[2, 1], block=SwinTransformerBlockV2, downsample_layer=PatchMergingV2, **window), pixels
    yield "vision-transformer", tv.VisionTransformer(16, 8, 1, HEADS, WIDTH, INNER, num_classes=CLASSES), pixels
    yield "shufflenet", tv.ShuffleNetV2([1, 2, 1], [8, 8, 16, 16, 16], CLASSES), pixels
    yield "densenet", tv.DenseNet(4, (1, 2), 8, 2, 0.0, CLASSES), pixels


def scatter(net):
    """Weights and statistics at which every gradient can be told from nothing."""
    for p in net.parameters():
        torch.nn.init.normal_(p, 0.6 if p.dim() == 1 else 0.0, 0.4)
    for name, b in net.named_buffers():
        if name.endswith("running_var"):
            torch.nn.init.uniform_(b, 0.5, 2)


def export(net, example, path, opset, captured):
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            torch.onnx.export(net, example, path, opset_version=opset, dynamo=captured, external_data=False, verbose=False)
        return ""
    except Exception as e:  # what PyTorch itself cannot write is no fault of ours
        return str(e).splitlines()[0][:160]


def main():
    warnings.filterwarnings("ignore")
    logging.disable(logging.ERROR)
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(3)
    traced, captured = (9, 12, 17), (18, 22)
    lists = ((encoders, (9, 11, 14, 17, 20), (18, 20, 22)), (pictures, traced, captured), (blocks, traced, captured))
    chosen = sys.argv[2:] or [networks.__name__ for networks, _, _ in lists]
    for networks, traced, captured in lists:
        if networks.__name__ not in chosen:
            continue
        for name, net, example in networks():
            scatter(net)
            net.eval()
            for opset, capture in [(o, False) for o in traced] + [(o, True) for o in captured]:
                path = folder / f"{networks.__name__}-{name}-{'captured' if capture else 'traced'}-{opset}.onnx"
                if problem := export(net, example, path, opset, capture):
                    print(path.name, "cannot be written by PyTorch:", problem)


if __name__ == "__main__":
    main()
