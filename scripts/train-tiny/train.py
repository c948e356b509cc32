"""Trains the model on the CPU, one process of one thread a core, gradients averaged every step.

    python train.py CORPUS.txt HELDOUT.txt TOKENIZER.json OUT.pt (--minutes M | --steps N)

With --minutes the learning rate follows the clock, so that a slow machine ends with a finished
schedule too; with --steps the run does not depend on the machine's speed. A checkpoint is written
every few minutes, and --resume goes on from it. (Threads that share one matrix product wait for
each other hundreds of times a step, which is slow on a busy machine; processes wait twice.) The
matrices of the layers are trained with Muon, each process updating its share, the rest with AdamW.
"""

import argparse
import os
import time

import torch
import torch.distributed as dist
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch.func import functional_call

import tokenizer
from model import Config, Model, q4_0

SPLITS = (2, 2, 2, 1)  # step by step: mostly one story a row, sometimes the whole context


def batch(ids, starts, rng, size: int, length: int):
    """Rows that begin at the beginning of a story: (size, length + 1)."""
    usable = starts[starts + length + 1 <= len(ids)]
    pick = usable[torch.randint(len(usable), (size,), generator=rng).numpy()]
    return torch.stack([torch.from_numpy(ids[s : s + length + 1]) for s in pick])


def average_gradients(model: Model) -> None:
    """Replaces every gradient by its mean over the processes."""
    grads = [p.grad for p in model.parameters()]
    flat = torch.cat([g.flatten() for g in grads])
    dist.all_reduce(flat)
    for g, part in zip(grads, flat.split([g.numel() for g in grads])):
        g.copy_(part.view_as(g) / dist.get_world_size())


def exchange(matrices: list[torch.Tensor], rank: int) -> None:
    """Gives every process the matrices that another one has updated."""
    own = [i % dist.get_world_size() == rank for i in range(len(matrices))]
    parts = [m.detach() if o else torch.zeros_like(m) for m, o in zip(matrices, own)]
    flat = torch.cat([part.flatten() for part in parts])
    dist.all_reduce(flat)
    for m, o, part in zip(matrices, own, flat.split([m.numel() for m in matrices])):
        if not o:
            m.data.copy_(part.view_as(m))


def worker(rank: int, args: argparse.Namespace) -> None:
    dist.init_process_group(
        "gloo", init_method=f"file://{args.out}.group", rank=rank, world_size=args.processes
    )
    torch.set_num_threads(1)
    torch.manual_seed(1)  # the same weights everywhere
    rng = torch.Generator().manual_seed(2 + rank)  # other stories everywhere
    torch._dynamo.config.suppress_errors = True  # no C++ compiler: slower, not broken
    c = Config()
    model = Model(c)
    matrices = [p for name, p in model.named_parameters() if p.dim() == 2 and "embd" not in name]
    norms = [p for p in model.parameters() if p.dim() == 1]
    mine = [p for i, p in enumerate(matrices) if i % args.processes == rank]
    muon = torch.optim.Muon(mine, lr=1, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
    groups = [{"params": [model.token_embd.weight]}, {"params": norms}]
    adam = torch.optim.AdamW(groups, betas=(0.9, 0.97), weight_decay=0.0, fused=True)

    t = Tokenizer.from_file(args.tokenizer)
    ids, starts = tokenizer.encode(t, args.corpus)
    held = batch(*tokenizer.encode(t, args.heldout), torch.Generator().manual_seed(3), 8, c.n_ctx)

    def loss_of(rows: torch.Tensor, rounded: bool = False) -> torch.Tensor:
        named = {n: q4_0(w) if rounded and w.dim() == 2 else w for n, w in model.named_parameters()}
        with torch.autocast("cpu", torch.bfloat16):
            logits = functional_call(model, named, rows[:, :-1])
        return F.cross_entropy(logits.float().flatten(0, 1), rows[:, 1:].flatten())

    fast_loss = torch.compile(loss_of, dynamic=False)
    step, spent, smooth = 0, 0.0, None
    if args.resume and os.path.exists(args.out):
        saved = torch.load(args.out)
        model.load_state_dict(saved["model"])
        adam.load_state_dict(saved["adam"])  # Muon's short momentum starts again
        step, spent = saved["step"], saved["spent"]
        rng.manual_seed(2 + rank + 1000 * step)

    def save() -> None:
        if rank == 0:
            with torch.no_grad():
                loss = sum(float(loss_of(rows)) for rows in held.split(2)) / 4
                rounded = sum(float(loss_of(rows, True)) for rows in held.split(2)) / 4
            text = t.decode(model.greedy(t.encode("Once upon a time").ids, 64, stop=0))
            print(f"step {step}: held-out {loss:.4f}, as Q4_0 {rounded:.4f}, {spent:.0f} s: {text}",
                  flush=True)
            state = {"model": model.state_dict(), "adam": adam.state_dict()}
            torch.save(state | {"step": step, "spent": spent}, args.out + ".new")
            os.replace(args.out + ".new", args.out)

    tokens_per_step = args.batch * args.processes * c.n_ctx
    if rank == 0:
        weights = sum(p.numel() for p in model.parameters())
        print(f"{len(ids):,} training tokens, {weights:,} weights, {tokens_per_step} tokens a step",
              flush=True)
    began = saved_at = told_at = time.time()
    before = spent
    while True:
        # Rank 0's clock decides for all.
        spent = before + time.time() - began
        done = step / args.steps if args.steps else spent / (60 * args.minutes)
        shared = torch.tensor([done, float(time.time() - saved_at > args.save_every)])
        dist.broadcast(shared, 0)
        done, due = shared.tolist()
        if due or done >= 1:
            save()
            saved_at = time.time()
        if done >= 1:
            break
        scale = min(1.0, (step + 1) / args.warmup, max(0.02, (1 - done) / args.decay))
        muon.param_groups[0]["lr"] = args.lr_matrices * scale
        for group, rate in zip(adam.param_groups, (args.lr_embedding, args.lr_norms)):
            group["lr"] = rate * scale
        split = SPLITS[step % len(SPLITS)]
        rows = batch(ids, starts, rng, args.batch * split, c.n_ctx // split)
        loss = fast_loss(rows)
        loss.backward()
        average_gradients(model)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        muon.step()
        adam.step()
        exchange(matrices, rank)
        model.zero_grad(set_to_none=False)
        step += 1
        smooth = loss.item() if smooth is None else 0.95 * smooth + 0.05 * loss.item()
        if step % 25 == 0 and rank == 0:
            speed = 25 * tokens_per_step / (time.time() - told_at)
            told_at = time.time()
            print(f"step {step} loss {smooth:.4f} scale {scale:.3f} {spent:.0f} s "
                  f"{speed:.0f} tokens/s", flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("corpus", "heldout", "tokenizer", "out"):
        p.add_argument(name)
    p.add_argument("--minutes", type=float)
    p.add_argument("--steps", type=int)
    p.add_argument("--resume", action="store_true")
    p.add_argument("--processes", type=int, default=2)
    p.add_argument("--batch", type=int, default=2, help="rows of n_ctx tokens a step and process")
    p.add_argument("--lr-embedding", type=float, default=1e-2, help="AdamW")
    p.add_argument("--lr-norms", type=float, default=1e-3, help="AdamW")
    p.add_argument("--lr-matrices", type=float, default=5e-3, help="Muon: all other matrices")
    p.add_argument("--warmup", type=int, default=60, help="steps")
    p.add_argument("--decay", type=float, default=0.5, help="last share of the run: the rate falls")
    p.add_argument("--save-every", type=float, default=180, help="seconds")
    args = p.parse_args()
    if (args.minutes is None) == (args.steps is None):
        p.error("give one of --minutes and --steps")
    args.out = os.path.abspath(args.out)
    meeting = args.out + ".group"  # the file over which the processes find each other
    if os.path.exists(meeting):
        os.remove(meeting)
    torch.multiprocessing.spawn(worker, (args,), args.processes)
