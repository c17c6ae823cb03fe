"""Hugging Face's Trainer: a small BERT with gradient accumulation and clipping."""

import sys
from pathlib import Path

import torch
from torch.utils.data import Dataset
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments
from transformers.trainer_callback import PrinterCallback

sys.path.append(str(Path(__file__).parents[1] / "scripts"))
from fingerprint import fingerprint


class Sentences(Dataset):
    def __init__(self):
        self.ids = torch.randint(0, 50, (24, 7), generator=torch.Generator().manual_seed(0))

    def __len__(self):
        return len(self.ids)

    def __getitem__(self, i):
        return {"input_ids": self.ids[i], "labels": int(self.ids[i].sum()) % 2}


config = BertConfig(
    vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, num_labels=2
)
torch.manual_seed(0)
model = BertForSequenceClassification(config)
settings = TrainingArguments(
    output_dir="trained",
    per_device_train_batch_size=4,
    gradient_accumulation_steps=2,
    max_grad_norm=0.5,
    num_train_epochs=2,
    logging_steps=1,
    save_strategy="no",
    report_to="none",
    use_cpu=True,
    disable_tqdm=True,
)
trainer = Trainer(model=model, args=settings, train_dataset=Sentences())
trainer.remove_callback(PrinterCallback)  # it prints how long everything took
trainer.train()
losses = [(row["loss"], row["grad_norm"]) for row in trainer.state.log_history if "loss" in row]
print(losses)
fingerprint(model, trainer.optimizer.state_dict())
