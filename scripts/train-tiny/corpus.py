"""The story grammar: one seed, one corpus, the same on every machine.

    python corpus.py OUT.txt --seed 1 --stories 40000 [--without OTHER.txt]

Stories are one a line. `{h}` is the hero, `{f}` the friend, with their pronouns as attributes, so
that agreement holds by construction. Python's `random.Random` gives the same choices everywhere.
"""

import argparse
import random

import shapes
import words as w

HOBBIES = """sing songs|draw pictures|count the stars|climb trees|read books|collect shells
bake bread|fly kites|watch the clouds|tell jokes|dance in the rain|look for treasure|pick berries
listen to stories|skip stones|play hide and seek|paint small boats|build towers of stones|swim
make paper hats|chase the wind|plant seeds|make up rhymes|ask questions|look at maps"""
HOBBIES = w.rows(HOBBIES)


class Person:
    """Someone with a name: `{h}`, `{h.he}`, `{h.His}`, `{h.the}` (the girl), `{h.intro}`."""

    def __init__(self, name: str, kind: str, look: str, female: bool):
        self.name, self.kind, self.look = name, kind, look
        self.he, self.him, self.his = ("she", "her", "her") if female else ("he", "him", "his")
        self.He, self.His = self.he.capitalize(), self.his.capitalize()
        self.the, self.The = f"the {kind}", f"The {kind}"
        self.intro = f"{w.a(look)} {kind} named {name}"

    def __str__(self) -> str:
        return self.name


class Story:
    """Sentences said so far and the words bound for this story."""

    def __init__(self, rng: random.Random):
        self.rng = rng
        self.bound: dict[str, object] = {"a": w.a}
        self.lines: list[str] = []
        self.h = self.bound["h"] = self.person([])
        self.f = self.bound["f"] = self.person([self.h])
        self.let(home=w.HOMES, morning=w.MORNINGS, happy=w.HAPPY, sad=w.SAD, good=w.GOOD)
        self.let(elder=w.ELDERS, wise=w.WISE, place=w.PLACES, spot=w.SPOTS, colour=w.COLOURS)

    def person(self, others: list[Person]) -> Person:
        female = self.rng.random() < 0.5
        if self.rng.random() < 0.45:
            names, kind = (w.GIRLS, "girl") if female else (w.BOYS, "boy")
        else:
            names, kind = w.PETS, self.rng.choice(w.ANIMALS)
        person = Person(self.rng.choice(names), kind, self.rng.choice(w.LOOKS), female)
        same = any(o.name == person.name or o.kind == person.kind for o in others)
        return self.person(others) if same else person

    def let(self, **choices: list[str]) -> None:
        """Binds each word to one of its choices; `{a_word}` and `{A_word}` have its article."""
        for word, items in choices.items():
            self.bound[word] = self.rng.choice(items)
            self.bound["a_" + word] = w.a(self.bound[word])
            self.bound["A_" + word] = self.bound["a_" + word].capitalize()

    def several(self, word: str, items: list[str], n: int) -> None:
        """Binds `word1` ... `wordN` to different choices."""
        for i, item in enumerate(self.rng.sample(items, n), 1):
            self.bound[f"{word}{i}"], self.bound[f"a_{word}{i}"] = item, w.a(item)

    def say(self, *options: str) -> None:
        """Adds one of the options; an empty one adds nothing."""
        line = self.rng.choice(options).format_map(self.bound)
        if line:
            self.lines.append(line[0].upper() + line[1:])

    def maybe(self, *options: str) -> None:
        if self.rng.random() < 0.5:
            self.say(*options)

    def open(self) -> None:
        """Who, where, and what the hero likes: most stories begin with `Once upon a time`."""
        if self.rng.random() < 0.75:
            self.say(
                "Once upon a time, there was {h.intro}. {h.He} lived {home}.",
                "Once upon a time, there was {h.intro} who lived {home}.",
                "Once upon a time, {home}, there lived {h.intro}.",
                "Once upon a time, {h.intro} lived {home}.",
            )
        else:
            self.say(
                "Long ago, there was {h.intro} who lived {home}.",
                "There once was {h.intro}. {h.He} lived {home}.",
                "{home}, there lived {h.intro}.",
                "This is the story of {h.intro}. {h.He} lived {home}.",
                "{h} was {a_look} {h.kind} who lived {home}.",
            )
        self.several("hobby", HOBBIES, 2)
        self.say(
            "{h} loved to {hobby1} and {hobby2}.",
            "Every day, {h.he} liked to {hobby1}.",
            "More than anything, {h} loved to {hobby1}.",
            "{h.He} liked to {hobby1}, and {h.he} also liked to {hobby2}.",
            "",
        )

    def meet(self) -> None:
        """Introduces the friend."""
        self.say(
            "{h.His} best friend was {f.intro}.",
            "{h} had a good friend, {f.intro}.",
            "{h} often played with {f.intro}.",
            "Next door lived {f.intro}, and the two were good friends.",
        )

    def close(self) -> None:
        self.say(
            "{h} could not wait for the next day.",
            "The whole way home, {h} sang a little song.",
            "{h} felt {happy} and slept well that night.",
            "That night, {h} fell asleep with a smile.",
            "And {h} never forgot that day.",
            "When the moon came up, {h} was still smiling.",
            "It was the best day of the whole year.",
            "{h} told the story again and again, and it was always a good story.",
        )
        self.maybe("The end.")


def story(rng: random.Random) -> str:
    s = Story(rng)
    s.bound["look"], s.bound["a_look"] = s.h.look, w.a(s.h.look)
    s.open()
    rng.choice(shapes.ALL)(s)
    return " ".join(s.lines)


def corpus(seed: int, n: int, without: set[str] = frozenset()):
    rng, seen = random.Random(seed), set(without)
    while n > 0:
        text = story(rng)
        if text not in seen:
            seen.add(text)
            n -= 1
            yield text


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("out")
    p.add_argument("--seed", type=int, required=True)
    p.add_argument("--stories", type=int, required=True)
    p.add_argument("--without", help="a corpus that no story may repeat")
    args = p.parse_args()
    without = set(open(args.without).read().splitlines()) if args.without else set()
    with open(args.out, "w") as out:
        for text in corpus(args.seed, args.stories, without):
            out.write(text + "\n")
