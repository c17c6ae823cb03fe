"""Which scripts are compared: repository, folder in it, command, and the local data it needs."""

from __future__ import annotations

from typing import NamedTuple


class Script(NamedTuple):
    """`data` names functions of data.py; `path` is added to PYTHONPATH, as the repository's README asks."""

    repository: str
    folder: str
    command: tuple[str, ...]
    data: tuple[str, ...] = ()
    path: tuple[str, ...] = ()


def example(folder: str, command: str, *data: str) -> Script:
    return Script("pytorch/examples", folder, tuple(command.split()), data)


NANO = "--device=cpu --compile=False --eval_iters=2 --log_interval=1 --block_size=32 --batch_size=8 --n_layer=2"

SCRIPTS = (
    example("regression", "main.py"),
    example("mnist", "main.py --epochs 2 --no-accel", "mnist"),
    example("mnist_rnn", "main.py --epochs 2", "mnist"),
    example("mnist_forward_forward", "main.py --epochs 20 --train_size 600 --test_size 200 --no_accel", "mnist_here"),
    example("siamese_network", "main.py --epochs 1 --no-accel", "mnist"),
    example("vae", "main.py --epochs 2 --no-accel", "mnist"),
    example("dcgan", "main.py --dataset fake --dry-run --niter 1 --batchSize 16 --workers 0"),
    example("word_language_model", "main.py --data ./data/small --epochs 1 --emsize 64 --nhid 64", "text"),
    example(
        "word_language_model",
        "main.py --data ./data/small --epochs 1 --model Transformer --emsize 64 --nhid 64 --nhead 2",
        "text",
    ),
    example("reinforcement_learning", "reinforce.py"),
    example("reinforcement_learning", "actor_critic.py"),
    example("gat", "main.py --epochs 10 --no-accel", "cora"),
    example(
        "super_resolution", "main.py --upscale_factor 3 --nEpochs 1 --batchSize 4 --testBatchSize 4", "photographs"
    ),
    Script("karpathy/minGPT", "projects/adder", ("adder.py", "--trainer.max_iters=40"), path=(".",)),
    Script(
        "karpathy/nanoGPT",
        "",
        ("train.py", "config/train_shakespeare_char.py", *NANO.split(), "--max_iters=30"),
        ("shakespeare",),
    ),
    Script("karpathy/makemore", "", ("makemore.py", "--max-steps", "60", "-n", "0")),
    Script("karpathy/makemore", "", ("makemore.py", "--max-steps", "60", "-n", "0", "--type", "gru")),
    Script("karpathy/makemore", "", ("makemore.py", "--max-steps", "60", "-n", "0", "--type", "bow")),
    *(
        Script("jcjohnson/pytorch-examples", folder, (f"{name}.py",))
        for folder, name in (
            ("autograd", "two_layer_net_autograd"),
            ("autograd", "two_layer_net_custom_function"),
            ("nn", "two_layer_net_nn"),
            ("nn", "two_layer_net_optim"),
            ("nn", "dynamic_net"),
        )
    ),
    *(
        Script("graykode/nlp-tutorial", folder, (name,))
        for folder, name in (
            ("1-1.NNLM", "NNLM.py"),
            ("1-2.Word2Vec", "Word2Vec-Skipgram(Softmax).py"),
            ("2-1.TextCNN", "TextCNN.py"),
            ("3-1.TextRNN", "TextRNN.py"),
            ("3-2.TextLSTM", "TextLSTM.py"),
            ("3-3.Bi-LSTM", "Bi-LSTM.py"),
            ("4-1.Seq2Seq", "Seq2Seq.py"),
            ("4-2.Seq2Seq(Attention)", "Seq2Seq(Attention).py"),
            ("4-3.Bi-LSTM(Attention)", "Bi-LSTM(Attention).py"),
            ("5-1.Transformer", "Transformer.py"),
            ("5-2.BERT", "BERT.py"),
        )
    ),
    Script("yunjey/pytorch-tutorial", "tutorials/01-basics/linear_regression", ("main.py",)),
    Script("MorvanZhou/PyTorch-Tutorial", "tutorial-contents", ("306_optimizer.py",)),
    Script("MorvanZhou/PyTorch-Tutorial", "tutorial-contents", ("403_RNN_regressor.py",)),
    Script("vwxyzjn/cleanrl", "cleanrl", ("ppo.py", "--total-timesteps", "2048"), path=(".",)),
    Script("vwxyzjn/cleanrl", "cleanrl", ("dqn.py", "--total-timesteps", "11000"), path=(".",)),
)
