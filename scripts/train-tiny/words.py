"""The vocabulary of the story grammar. Written for this project; its licence is the project's."""

# Few enough names that each becomes one token, which is what lets a small model keep to them.
GIRLS = "Mia Lily Anna Rosa Ella Nora Clara Ivy Daisy Ruby Lucy Emma Alice Zoe".split()
BOYS = "Tom Ben Max Leo Sam Jack Finn Oscar Noah Peter Felix Henry Luke Theo".split()
# One name serves an animal of either sex.
PETS = """Pip Nibble Button Pepper Biscuit Clover Maple Pebble Bramble Willow Acorn Ginger Patch Puddle
Rusty Sunny Toffee Whisker Cocoa Dot""".split()
ANIMALS = """fox rabbit mouse hedgehog squirrel badger bear otter kitten puppy duck owl goat lamb
turtle frog mole deer donkey pony penguin beaver elephant goose raccoon""".split()
HOPPERS = """sparrow butterfly ladybird bee snail beetle moth wren lizard robin cricket bluebird
caterpillar chick duckling""".split()  # small ones, in need of help, without a name

LOOKS = "little small young tiny brave kind gentle cheerful curious clever quiet shy merry".split()
COLOURS = "red blue green yellow silver golden white brown purple orange".split()
HOMES = """in a small house by the river|in a cottage at the edge of the forest|in a village near the sea
in a little house on a green hill|in a quiet valley between two mountains|on a farm with many fields
in a town with narrow streets|in an old mill beside a stream|in a tall house with a blue door
near a lake with clear water|in a garden full of flowers|beside a deep, dark wood
in a cosy house under an old tree|on an island far away|at the foot of a snowy mountain
in a snug home among the roots of an oak tree|in a harbour town full of boats
at the end of a long, winding road|in a wooden house with a warm stove"""
PLACES = """the forest|the meadow|the garden|the river|the old bridge|the beach|the hill|the market
the orchard|the lake|the barn|the mill|the park|the harbour|the pond|the big field|the old tower
the stone wall|the village square"""
SPOTS = """under the old oak tree|behind the garden shed|in the tall grass|beside the stream
between two grey stones|under a pile of leaves|near the wooden gate|inside a hollow log
at the bottom of the well path|on the window sill|under the bench|next to the pond
beneath a rose bush|at the foot of the hill|on the sandy shore|by the edge of the road"""
# Things to own, lose and find: (noun, what is dear about it).
TREASURES = """button|ball|kite|bell|key|drum|whistle|ring|scarf|hat|lantern|umbrella|apron|feather|shell
marble|coin|basket|ribbon|toy boat|music box|book|map|flute|mitten|necklace|cup|spoon|teddy bear
wooden horse|paintbrush|acorn|egg cup|pocket watch|blanket|compass"""
FOODS = """apple|pear|plum|bun|pie|cake|sandwich|pancake|cookie|carrot|orange|muffin|slice of bread
honey cake|bowl of soup|piece of cheese|berry tart"""
MANY = "apples pears plums berries nuts cherries cookies carrots buns pancakes grapes".split()
FLOWERS = "rose tulip daisy sunflower lily violet poppy bluebell".split()
ELDERS = """grandmother grandfather mother father aunt uncle""".split()
WISE = """an old owl|an old turtle|a wise old goat|an old fisherman|an old woman with a kind face
a friendly farmer|a tall grey heron|an old gardener|a baker with flour on her hands|an old sailor
a slow and patient snail|a kind miller"""
FEARS = """the dark|thunder|deep water|high places|loud noises|the old tower|the deep forest|big dogs
strong wind"""
MORNINGS = """One morning|One day|One sunny morning|One windy day|One warm afternoon|One cold morning
One spring morning|One autumn day|One quiet evening|One summer day|Early one morning
On a bright winter day|One fine day|One rainy afternoon"""
HAPPY = "happy glad proud joyful cheerful delighted".split()
SAD = "sad worried unhappy lonely upset".split()
GOOD = "kind gentle brave patient honest helpful generous thoughtful".split()


def rows(text: str) -> list[str]:
    return [item.strip() for line in text.splitlines() for item in line.split("|")]


HOMES, PLACES, SPOTS, TREASURES, FOODS, WISE, FEARS, MORNINGS = map(
    rows, (HOMES, PLACES, SPOTS, TREASURES, FOODS, WISE, FEARS, MORNINGS)
)


def a(noun: str) -> str:
    """The noun with its indefinite article (no word here begins with a silent or sounded-y vowel)."""
    return ("an " if noun[0] in "aeiou" else "a ") + noun
