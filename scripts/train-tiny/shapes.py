"""What can happen in a story: one function a plot. Each is called after the opening."""

import words as w

PRESENTS = {  # what can be made, and what it is made of
    "kite": "some string|a sheet of paper|a long stick|a red ribbon|some glue",
    "cake": "a bag of flour|two eggs|a cup of milk|a jar of honey|a handful of berries",
    "apple pie": "a bag of flour|six apples|a spoon of sugar|a little butter",
    "honey cake": "a jar of honey|two eggs|a bag of flour|a cup of milk",
    "toy boat": "a piece of wood|a bit of cloth|some string|a pot of blue paint",
    "warm scarf": "a ball of wool|two long needles|a bit of yellow thread|a shiny button",
    "paper lantern": "a sheet of paper|a small candle|some string|a pot of red paint",
    "wooden flute": "a hollow reed|a small knife|a bit of wax|a blue ribbon",
    "soft pillow": "a bag of feathers|an old cloth|a needle and thread|a silver button",
    "bird house": "some old boards|a box of nails|a hammer|a pot of green paint",
    "necklace": "a handful of shells|a long thread|a golden bead|a tiny bell",
    "picture book": "some white paper|a box of paints|a needle and thread|a soft brush",
    "flower crown": "a handful of daisies|some long grass|a white ribbon|a red rose",
    "little drum": "an empty box|a piece of leather|some string|two smooth sticks",
    "wind chime": "a handful of shells|some string|a smooth stick|three old spoons",
}


def lost(s):
    s.let(thing=w.TREASURES)
    s.several("place", w.PLACES, 2)
    s.say(
        "{h} had {a_colour} {thing}, and {h.he} took it everywhere.",
        "{h.His} {elder} had given {h.him} {a_colour} {thing}, and {h} loved it very much.",
        "The thing {h.he} loved most was {a_colour} {thing}.",
    )
    s.say(
        '{morning}, the {thing} was gone. "Oh no!" said {h}. "Where is my {thing}?"',
        "{morning}, {h} could not find the {thing}. {h.He} looked in every corner, but it was not there.",
        '{morning}, {h} came home from {place1} without the {thing}. "I have lost it!" {h.he} cried.',
    )
    s.say("{h} was very {sad}.", "{h} sat down and felt {sad}.", "A tear ran down {h.his} face.")
    s.say(
        '{f.intro} came by and asked, "Why are you so {sad}?"',
        'Just then, {f.intro} came along the road. "What is wrong?" asked {f}.',
    )
    s.say(
        '"I have lost my {colour} {thing}," said {h}. "Then we will look for it together," said {f}.',
        '{h} told {f} about the {thing}. "Do not worry," said {f}. "Two can look better than one."',
    )
    s.say(
        "They looked near {place1}, but it was not there. They looked near {place2}, but it was not there.",
        "First they walked to {place1}, and then they walked to {place2}. They found nothing.",
        "They asked everyone near {place1}, but no one had seen it. Then they went on to {place2}.",
    )
    s.say(
        'At last, {f} saw something {colour} {spot}. "Look!" {f.he} called. "There it is!"',
        'At last, {h} looked {spot}. There it was, {colour} and bright! "I found it!" {h.he} shouted.',
        "Then something shone {spot}. It was the {thing}!",
    )
    s.say(
        '{h} held the {thing} close. "Thank you, {f}," {h.he} said. "You are a true friend."',
        '{h} was so {happy} that {h.he} danced around {f}. "Thank you for your help!" {h.he} said.',
    )
    s.say(
        "From that day on, {h} and {f} played together every day.",
        "After that, {h} took good care of the {thing}.",
        "They walked home side by side.",
    )
    s.close()


def found(s):
    s.let(thing=w.TREASURES)
    s.say(
        "{morning}, {h} found {a_colour} {thing} {spot}.",
        "{morning}, {h} was walking near {place} when {h.he} saw {a_colour} {thing} {spot}.",
    )
    s.say(
        '"What a lovely {thing}!" said {h}. "I wish I could keep it."',
        '"How pretty it is!" said {h}. {h.He} picked it up and put it in {h.his} bag.',
    )
    s.say(
        "But then {h} stopped to think. Someone must be looking for it.",
        'But a small voice inside {h.him} said, "It is not yours."',
        "Then {h} thought of how {sad} the owner must be.",
    )
    s.say(
        '{h.He} asked {wise}. "That is not mine," was the answer. "But I know who may have lost it."',
        "{h.He} knocked on every door and asked about the {thing}. No one knew it.",
        '{h.He} went home and asked {h.his} {elder}. "Ask near {place}," said {h.his} {elder}.',
    )
    s.say(
        "Near {place}, {h} met {f.intro}. {f} was looking under every leaf.",
        "At last, {h} saw {f.intro} sitting alone. {f} looked very {sad}.",
    )
    s.say(
        '"Have you lost something?" asked {h}. "Yes," said {f}. "I have lost my {colour} {thing}."',
        '"I lost my {colour} {thing}," said {f}, "and I have looked for it all day."',
    )
    s.say(
        '{h} smiled and held out the {thing}. "Is this yours?" {h.he} asked.',
        '"Then close your eyes," said {h}, and {h.he} put the {thing} in front of {f}.',
    )
    s.say(
        '{f} jumped for joy. "You are so {good}!" said {f}. "Thank you, {h}!"',
        '{f} could not believe it. "Thank you!" {f.he} said. "Will you be my friend?"',
    )
    s.let(food=w.FOODS)
    s.say(
        "They shared {a_food} and played until the sun went down.",
        "{h} had no {thing} now, but {h.he} had a new friend, and that was much better.",
    )
    s.close()


def stuck(s):
    s.let(small=w.HOPPERS)
    s.let(trap=w.rows("""in a spider's web|under a fallen branch|in a deep hole|in a thorny bush
between two stones|in a puddle of sticky mud|in an old net|under a flower pot|in a tangle of string"""))
    s.say(
        '{morning}, {h} heard a tiny voice. "Help! Help!" it cried.',
        "{morning}, on the way to {place}, {h} heard someone crying.",
        '{morning}, {h} was near {place} when {h.he} heard a small cry. "Please help me!"',
    )
    s.say(
        "It was {a_small}. It was stuck {trap}.",
        "{h} looked around and saw {a_small} that was stuck {trap}.",
    )
    s.say(
        '"Do not be afraid," said {h}. "I will help you."',
        '"Stay still," said {h} softly. "I will get you out."',
        '"Hold on!" said {h}. "I am here."',
    )
    s.say(
        "{h} worked slowly and with care, and soon the {small} was free.",
        "{h.He} pulled and pulled until the {small} came out.",
        "It took a long time, but {h} did not give up. At last, the {small} was free.",
    )
    s.say(
        '"Thank you!" said the {small}. "One day, I will help you, too."',
        '"You saved me," said the {small}. "I will never forget it."',
    )
    s.say(
        "{h} laughed a little. How could such a small {small} help anyone?",
        "{h} smiled and went on {h.his} way.",
        "{h} waved, and the {small} went home.",
    )
    s.say(
        "A few days later, {h} went too far into the woods and lost {h.his} way. It was getting dark.",
        "The next week, a thick fog came, and {h} could not see the path home.",
        "Some days later, {h} dropped {h.his} key in the tall grass and could not find it.",
    )
    key = "key" in s.lines[-1]
    s.say(
        'Then a tiny voice said, "I am here, {h}." It was the {small}!',
        'Just then, the {small} came by. "Now it is my turn to help," it said.',
    )
    if key:
        s.say(
            "The {small} was so small that it could look under every blade of grass, and soon it found the key.",
            "It looked between the roots and under the leaves, and there was the key.",
        )
    else:
        s.say(
            "The {small} knew every tree and every stone, and it showed {h} the way home.",
            '"Follow me," said the {small}, and step by step it led {h} home.',
        )
    s.say(
        '"You are small," said {h}, "but you are a great friend."',
        "Now {h} knew that even the smallest friend can be a big help.",
        '"Thank you, little {small}," said {h}. "I was wrong to think that you were too small."',
    )
    s.close()


def storm(s):
    s.let(weather=w.rows("""dark clouds came and it began to rain|a cold wind began to blow
snow began to fall|a storm came over the hills|thunder rolled over the valley"""))
    s.let(shelter=w.rows("""a little cave|an old barn|a small hut with a light in the window|a hollow tree
a house made of stones|a warm cottage|a little cabin"""), food=w.FOODS)
    s.say(
        "{morning}, {h} went for a long walk to {place}.",
        "{morning}, {h} took {h.his} basket and walked to {place}.",
        "{morning}, {h.his} {elder} sent {h} to {place}.",
    )
    s.say("Suddenly, {weather}.", "On the way, {weather}.", "{h} was far from home when {weather}.")
    s.say(
        '"Oh dear," said {h}. "I must find a dry place."',
        "{h} was cold and wet, and {h.he} did not know what to do.",
        "{h} ran as fast as {h.he} could.",
    )
    s.say(
        "Then {h.he} saw {shelter}. {h.He} knocked and waited.",
        "At last, {h.he} came to {shelter} and looked inside.",
    )
    s.say(
        'Inside was {f.intro}. "Come in, come in!" said {f}. "You must be cold."',
        '{f.intro} looked out. "Who is there?" asked {f}. "It is only me, {h}," said {h}.',
    )
    s.say(
        "{f} gave {h} a warm blanket and {a_food}.",
        '"I have only {a_food}," said {f}, "but we can share it."',
        "They sat by the fire and shared {a_food}.",
    )
    s.say(
        "While the wind sang outside, they told each other stories.",
        "They talked and laughed until the sky was quiet again.",
        "{h} taught {f} a song, and {f} taught {h} a game.",
    )
    s.say(
        "When the storm was over, a rainbow stood over {place}.",
        "In the morning, the sun was shining, and every leaf was bright.",
        "Soon the clouds went away, and the stars came out.",
    )
    s.say(
        '"Thank you, {f}," said {h}. "Come and visit me soon." And {f} did.',
        '"I am glad that the storm came," said {h}, "because now I have a new friend."',
        "{h} went home, but {h.he} came back the next day with a cake for {f}.",
    )
    s.close()


def afraid(s):
    s.let(fear=w.FEARS)
    s.say(
        "But there was one thing that {h} did not like. {h.He} was afraid of {fear}.",
        "{h} had a secret. {h.He} was afraid of {fear}.",
        "Everyone thought that {h} was brave, but {h.he} was afraid of {fear}.",
    )
    s.meet()
    s.say(
        '{morning}, {f} said, "Come and play with me!" But {h} shook {h.his} head. "I am too afraid," {h.he} said.',
        '{morning}, {f} saw that {h} was {sad}. "What is wrong?" asked {f}. "I am afraid," said {h}.',
    )
    s.say(
        '{f} did not laugh. "I was afraid once, too," said {f}.',
        '"Everyone is afraid of something," said {f}.',
        '"That is all right," said {f}. "Let us ask someone who knows."',
    )
    s.say(
        'They went to see {wise}. "Being brave does not mean that you are never afraid," {h} heard. "It means that you try."',
        'Together they visited {wise}, who said, "Take one small step, and then take one more."',
        'On the road they met {wise}, who told them, "Hold the hand of a friend, and count to ten."',
    )
    s.say(
        "So {h} took a deep breath. {f} stayed close to {h.him}.",
        '"Will you stay with me?" asked {h}. "Of course," said {f}.',
        "{h} closed {h.his} eyes, and then {h.he} opened them again.",
    )
    s.say(
        "{h.He} took one small step, and then another one. Nothing bad happened.",
        "{h.He} counted slowly to ten. At first {h.his} knees shook, but soon they were still.",
        "At first it was hard. Then it was a little easier. Then it was not hard at all.",
    )
    s.say(
        '"I did it!" shouted {h}. "I was afraid, and I did it anyway!"',
        '"Look at me!" said {h}. "I am not afraid of {fear} now!"',
        "{h} began to laugh. {h.He} had been afraid of {fear} for so long, and now it was over.",
    )
    s.say(
        "{f} was proud of {h.him}.",
        '"I knew that you could do it," said {f}.',
        "The two friends danced all the way home.",
    )
    s.close()


def gift(s):
    present = s.rng.choice(list(PRESENTS))
    s.let(present=[present])
    s.several("part", w.rows(PRESENTS[present]), 3)
    s.say(
        "Soon it would be the birthday of {h.his} {elder}.",
        "{morning}, {h} wanted to do something nice for {h.his} {elder}.",
        "It had been a hard week for {h.his} {elder}, and {h} wanted to make something nice.",
    )
    s.say(
        '"I will make {a_present}," said {h}. But {h.he} did not have the right things.',
        '"I know!" said {h}. "I will make {a_present}!"',
        "{h} had no money, so {h.he} decided to make {a_present}.",
    )
    s.say(
        "{h.He} found {part1} at home. {wise} gave {h.him} {part2}.",
        "At the market, {h.he} got {part1}. Near {place}, {h.he} found {part2}.",
        "First {h.he} looked for {part1}, and then {h.he} looked for {part2}.",
    )
    s.say(
        'But something was still missing. "You need {part3}," said {f.intro}. "I have it, and I will help you."',
        'Then {f.intro} came to the door. "I have brought {part3}," said {f}. "May I help?"',
    )
    s.say(
        "They worked all afternoon.",
        "{h} and {f} worked until the lamp was lit.",
        "It was hard work, but they sang while they worked.",
    )
    s.say(
        "The first try went wrong, and {h} wanted to stop. But {f} said, \"Let us try again.\" The second try was perfect.",
        "When it was done, it was not perfect, but it was beautiful.",
        '"It is a little crooked," said {h}. "It is wonderful," said {f}.',
    )
    s.say(
        "The next day, {h} gave the {present} to {h.his} {elder}.",
        'Then {h} ran home. "Close your eyes," {h.he} told {h.his} {elder}. "Now open them!"',
    )
    s.say(
        '"Did you make this for me?" asked {h.his} {elder}. "It is the best gift of all!"',
        'There was a big smile and a long hug. "It was made with love," said {h.his} {elder}, "and I can see it."',
    )
    s.say("{f} got a big slice of cake, too.", "Everyone laughed and clapped.", "")
    s.close()


def share(s):
    s.let(many=w.MANY)
    s.say(
        "{morning}, {h} had a big basket of {many}.",
        "{morning}, {h} picked so many {many} that the basket was full.",
        "{morning}, {h.his} {elder} gave {h.him} a bag full of {many}.",
    )
    s.say(
        '"These are all mine," said {h}, and {h.he} sat down {spot} to eat them.',
        "{h} carried them home with both arms. They smelled so good!",
        '"What a feast I will have!" said {h}.',
    )
    s.say(
        'Along came {f.intro}. "I am so hungry," said {f}. "May I have some {many}?"',
        '{f.intro} stopped and looked at the {many}. "Will you share them with me?" asked {f}.',
    )
    s.say(
        '"No," said {h}. "I found them, and I will eat them all."',
        '"There are not enough for two," said {h}, and {h.he} held the {many} tight.',
        "{h} turned away and said nothing.",
    )
    s.say("{f} looked {sad} and walked away.", "{f} said nothing and sat down alone.")
    s.say(
        "{h} ate and ate. But the {many} did not taste so sweet now.",
        "{h} took a bite, but it did not taste good. It is no fun to eat alone.",
        "{h} ate until {h.his} belly hurt, and still {h.he} was not happy.",
    )
    s.say(
        '"I was not kind," thought {h}. {h.He} picked up the basket and ran after {f}.',
        "{h} remembered how it felt to be hungry. {h.He} got up and went to look for {f}.",
    )
    s.say(
        '"I am sorry," said {h}. "Please have as many as you like."',
        '"Wait, {f}!" called {h}. "I was wrong. Let us eat them together."',
    )
    s.say(
        '{f} smiled. "Thank you," {f.he} said. "That is very kind of you."',
        "{f} smiled, and the two of them sat down side by side.",
    )
    s.say(
        "They shared the {many}, and this time they tasted sweeter than ever.",
        "There were enough for both of them, and there were even some left for the birds.",
        "They ate and talked until the basket was empty.",
    )
    s.say("{h} learned that food tastes best when it is shared.", "Now they share everything.", "")
    s.close()


def journey(s):
    s.let(goal=w.rows("""the sea|the top of the mountain|the big waterfall|the end of the rainbow|the old castle
the lighthouse|the oldest tree in the forest|the valley of flowers|the great blue lake"""))
    s.let(food=w.FOODS, tool=w.rows("""a rope|a lantern|a map|a whistle|an umbrella|a compass|a walking stick"""))
    s.say(
        "{h} had one big wish. {h.He} wanted to see {goal}.",
        'Every night, {h} dreamed of {goal}. "One day I will go there," {h.he} said.',
        "{h.His} {elder} often told {h.him} about {goal}, and {h} wanted to see it.",
    )
    s.meet()
    s.say(
        '{morning}, {h} said to {f}, "Let us go today!" They packed {a_food} and {tool}, and off they went.',
        "{morning}, the two friends packed {a_food} and {tool}. Then they set off.",
        '{morning}, {f} asked, "Shall we go and see it?" So they took {tool} and began to walk.',
    )
    s.say(
        "They walked over hills and through the woods.",
        "The road was long, and the sun was hot.",
        "They walked past {place}, and then they walked on and on.",
    )
    s.say(
        'Soon they came to a wide river with no bridge. "How can we get across?" asked {f}. '
        '"Let us build a raft," said {h}. They tied old logs together and floated across.',
        'Then the path ended at a high stone wall. "What shall we do now?" asked {f}. '
        "{h} climbed up first, and then {h.he} pulled {f} up.",
        'After some time, the road split into two. "Which way is right?" asked {f}. '
        "They asked {wise}, and soon they were on their way again.",
        'Then a big rock lay across the path. "We cannot go on," said {f}. '
        '"One, two, three!" called {h}. They pushed together, and the rock rolled away.',
        "Then a grumpy goat stood on the bridge and would not let them pass. {h} asked it to tell "
        "them its name, and nobody had ever asked that before. The goat smiled and stepped aside.",
    )
    s.say(
        "{f} was tired, so {h} carried the bag.",
        "When {h} was tired, {f} sang a song, and the steps grew light again.",
        "They rested for a while and looked at the clouds.",
    )
    s.say(
        "At last, they saw {goal}. It was more beautiful than they had ever dreamed.",
        'And then, there it was: {goal}! "Oh!" said {h}. {h.He} could not say more.',
        "When the sun was low and the sky was gold, they came to {goal}.",
    )
    s.say(
        'They sat close together and looked for a long time. "I am glad that you came with me," said {h}.',
        '"It was a long way," said {f}, "but it was worth every step."',
        "They danced and laughed and shouted for joy.",
    )
    s.say("The way home seemed much shorter.", "Then they went home with a hundred stories to tell.", "")
    s.close()


def race(s):
    s.let(prize=w.rows("a golden cup|a big cake|a silver bell|a blue ribbon|a basket of plums|a new kite"))
    s.let(small=w.HOPPERS)
    s.say(
        "{morning}, there was a great race around {place}. The prize was {prize}.",
        "{morning}, everyone came to {place} for the big race. The winner would get {prize}.",
    )
    s.say(
        '{h} wanted to win. "I have practised every day," {h.he} said.',
        '"I am not very fast," said {h}, "but I will do my best."',
        "{h} was excited and a little afraid at the same time.",
    )
    s.say(
        '{f.intro} was in the race, too. "No one is as fast as I am," said {f}.',
        'Beside {h.him} stood {f.intro}. "I will win," said {f}. "I always win."',
    )
    s.say('"One, two, three, go!" And off they ran.', "A bell rang, and the race began.")
    s.say(
        "{f} ran in front, and {h} ran close behind.",
        "At first {h} was last, but then {h.he} grew faster and faster.",
        "Soon {h} was in front of everyone.",
    )
    s.say(
        "Then {h} saw {a_small} in the middle of the road. It had hurt its leg.",
        'Then {h} heard a small voice. {A_small} had fallen into a ditch. "Help me!" it cried.',
    )
    s.say(
        "{h} thought about the prize. But {h.he} stopped and lifted the {small} with care.",
        '"If I stop, I will lose," thought {h}. But {h.he} stopped and helped the {small}.',
    )
    s.say(
        "When {h} came to the end, the race was over. {f} had won.",
        "All the others ran past, and {h} came in last.",
    )
    s.say(
        'But {f} had seen what {h} did. "You should have the prize," said {f}. "You are the real winner."',
        'But everyone clapped for {h}. "It is good to be fast," said {wise}, "but it is better to be kind."',
    )
    s.say(
        "They shared the prize, and the {small} sat between them.",
        "{h} blushed. {h.He} had not won the race, but {h.he} had won a friend.",
        "The {small} was well again the next day, and it came to say thank you.",
    )
    s.close()


def mystery(s):
    s.several("sound", w.rows("a strange sound|a soft noise|a low hum|a funny squeak|an odd little cry|a long, thin wail"), 1)
    s.let(truth=w.rows("""a small owl that was learning to sing|a loose window that moved in the wind
a family of mice that was having a party|a kitten that could not get down from the roof
a cricket that was playing its fiddle|a lost duckling that was looking for its mother
a baby bat that could not sleep|an old clock that someone had thrown away|a hedgehog that had the hiccups"""))
    s.say(
        "One night, {h} heard {sound1}. It came from behind {place}.",
        "Every night, {h} heard {sound1}. No one knew what it was.",
        "One dark night, {sound1} woke {h} up. {h.He} sat up in bed and listened.",
    )
    s.say(
        '"It must be a ghost," said {f.intro} who lived nearby.',
        '{h} told {f.intro} about it. "Perhaps it is a dragon," said {f}.',
    )
    s.say(
        '"I do not believe that," said {h}. "Let us go and see."',
        '"There is only one way to find out," said {h}, and {h.he} took {h.his} lantern.',
    )
    s.say(
        "They walked on tiptoe through the dark. The sound grew louder and louder.",
        "Step by step, they went closer. {f} held on to {h}.",
        "The moon was bright, and the shadows were long. {h} could hear {h.his} own heart.",
    )
    s.say(
        '"Who is there?" called {h}. Nobody answered.',
        '"Are you afraid?" whispered {f}. "A little," said {h}, "but I want to know."',
        '"Let us go back," whispered {f}. "Only one more step," said {h}.',
    )
    s.say(
        "{h} held up the light and looked {spot}. It was {truth}!",
        "Then they saw what it was. It was only {truth}.",
        "And what did they find? It was {truth}!",
    )
    s.say(
        "{h} and {f} looked at each other and began to laugh.",
        '"So that was our ghost!" said {f}, and they both laughed.',
        '"And I was so afraid!" said {f}.',
    )
    s.say(
        "They did what they could to help, and soon the night was quiet again.",
        "They sat down in the grass and listened for a while. It was not strange at all now.",
    )
    s.say(
        '"A thing is only strange until you look at it," said {h}.',
        "After that, {h} was not afraid of sounds in the night.",
        "The next day, they told everyone, and everyone laughed with them.",
    )
    s.close()


def seed(s):
    s.let(flower=w.FLOWERS)
    s.say(
        "{morning}, {wise} gave {h} a little seed.",
        "{morning}, {h} found a little seed {spot}.",
        '{morning}, {h.his} {elder} gave {h} a little seed. "Take good care of it," said {h.his} {elder}.',
    )
    s.say(
        "{h} dug a small hole and put the seed into the ground.",
        "{h} planted the seed in a pot and set it in the sun.",
    )
    s.say(
        "Every day, {h} gave it water. Every day, {h.he} looked at it. But nothing happened.",
        'The next day, {h} ran out to look. There was nothing. "Why does it not grow?" {h.he} asked.',
    )
    s.say(
        '{f.intro} came to look. "It will never grow," said {f}.',
        '"Your seed is asleep," said {f.intro}. "You must wait."',
        '"Maybe it needs a song," said {f.intro}. So they sang to it.',
    )
    s.say(
        "But {h} did not give up. {h.He} gave it water in the morning and told it a story at night.",
        "A week went by, and then another week. It was hard to wait, but {h} waited.",
        "The rain came and went. The sun came and went. {h} waited and hoped.",
    )
    s.say(
        "Then, one morning, there was a tiny green leaf!",
        'Then, one day, {h} saw something green. "It is growing!" {h.he} cried.',
    )
    s.say(
        "The plant grew and grew, and at last it had a big {colour} flower. It was {a_flower}.",
        "Day after day, it grew taller, until {a_colour} {flower} opened in the sun.",
    )
    s.say(
        "Bees and butterflies came to see it, and {f} came, too.",
        '"It is the most beautiful {flower} in the world," said {f}.',
        "Everyone in the village came to look at it.",
    )
    s.say(
        '"Good things need time," said {h}.',
        "In autumn, the {flower} gave {h} many new seeds, and {h.he} shared them with {h.his} friends.",
        "Now {h} knew that waiting is a kind of work, too.",
    )
    s.close()


def quarrel(s):
    s.let(thing=w.TREASURES)
    s.meet()
    s.say(
        "{morning}, they found {a_colour} {thing} {spot}. Both of them wanted it.",
        "{morning}, {h} brought {a_colour} {thing}. {f} wanted to play with it, but {h} did not want to let go.",
    )
    s.say(
        '"It is mine!" said {h}. "No, it is mine!" said {f}.',
        '"Give it to me!" shouted {f}. "No, I will not!" shouted {h}.',
    )
    s.say(
        "They pulled and pulled, and the {thing} fell to the ground.",
        "They were so angry that they did not say another word.",
    )
    s.say(
        '"I will never play with you again," said {f}, and {f.he} went home.',
        "{h} went one way, and {f} went the other way.",
    )
    s.say(
        "The next day, {h} played alone. It was no fun at all.",
        "{h} sat by the window and felt {sad}. The house was very quiet.",
        "That night, {h} could not sleep. {h.He} missed {h.his} friend.",
    )
    s.say(
        '{h.His} {elder} asked, "What do you like more, the {thing} or your friend?" {h} did not have to think for long.',
        '"{A_thing} cannot laugh with me," thought {h}. "But {f} can."',
        '{h.He} went to {wise} and told the whole story. "Say that you are sorry," {h} heard. "It is hard, but it is short."',
    )
    s.say(
        'So {h} went to see {f}. "I am sorry," {h.he} said. "You are more important to me than any {thing}."',
        '{h} ran to the house of {f}. At the same time, {f} came out of the door. "I am sorry!" they both said.',
    )
    s.say(
        '"I am sorry, too," said {f}. "I missed you."',
        '{f} smiled at once. "Let us never fight again," {f.he} said.',
    )
    s.say(
        "Then they played with the {thing} together, one after the other.",
        "On Mondays, {h} had the {thing}. On Tuesdays, {f} had it. And on Sundays, they played with it together.",
    )
    s.close()


def astray(s):
    s.let(chase=w.rows("a blue butterfly|a rolling ball|a white feather in the wind|a small bird|a trail of red berries"))
    s.let(guide=w.rows("firefly|moth|owl|star|bat|cricket"))
    s.say(
        "{morning}, {h} followed {chase}. {h.He} followed it past {place} and deep into the woods.",
        "{morning}, {h} saw {chase} and ran after it, farther and farther from home.",
    )
    s.say(
        "When {h} looked up, everything was strange. {h.He} was lost.",
        '"Where am I?" asked {h}. The trees did not answer.',
    )
    s.say(
        "The sun went down, and the woods grew dark. {h} felt {sad}.",
        "{h.He} went left, and then {h.he} went right, but every tree looked the same.",
    )
    s.say(
        "{h.His} {elder} had told {h.him} what to do: stay calm and look around.",
        '"I will not cry," said {h}. "I will think."',
        "{h} sat down on a stone and took a deep breath.",
    )
    if s.bound["guide"] == "star":
        s.say(
            "Then {h.he} saw a bright star above the trees. It was the star that stood over {h.his} home every night.",
        )
        s.say("{h} walked toward the star, and it seemed to walk with {h.him}.")
    else:
        s.say(
            'Then {a_guide} came by. "Are you lost?" it asked. "Yes," said {h}. "Can you help me?"',
            'A little {guide} sat on a branch. "I know the way," it said. "Come with me."',
        )
        s.say(
            "The {guide} went ahead, and {h} followed it over roots and stones.",
            "{h} followed the {guide} through the dark, and {h.he} was not afraid.",
        )
    s.say(
        "At last, {h} saw a light between the trees. It was home!",
        "Soon {h.he} heard a voice that called {h.his} name.",
    )
    s.say(
        '"There you are!" cried {h.his} {elder}. "We looked for you everywhere!"',
        "{h.His} {elder} ran out and held {h.him} tight.",
    )
    s.say(
        '"I am sorry that I went so far," said {h}. "I am glad that you are home," said {h.his} {elder}.',
        "There was hot soup on the table, and {h} ate two bowls of it.",
    )
    s.close()


def wish(s):
    s.let(magic=w.rows("stone|shell|lamp|ring|coin|mirror|feather|acorn|bell"))
    s.let(want=w.rows("""a house made of cake|a mountain of gold|a pair of wings|a crown of gold
a ship with white sails|a hundred toys|a flying carpet"""))
    s.say(
        "{morning}, {h} found {a_colour} {magic} {spot}. It began to glow.",
        "{morning}, {h} picked up an old {magic} near {place}. It was warm, and it began to shine.",
    )
    s.say(
        '"I am a magic {magic}," it said. "You may have one wish."',
        'A voice said, "Make one wish, {h}, but think well before you speak."',
    )
    s.say(
        '{h} thought and thought. "I could wish for {want}," {h.he} said.',
        '"One wish!" said {h}. "Should I wish for {want}?"',
    )
    s.say(
        "On the way home, {h.he} met {f.intro}. {f} was {sad}.",
        "Just then, {h.he} saw {f.intro} sitting {spot} with {a_sad} face.",
    )
    s.let(felder=w.ELDERS)
    s.say(
        '"My {felder} is very ill," said {f}, "and nobody can help."',
        '"My house fell down in the storm," said {f}, "and I have no place to sleep."',
        '"I have lost my voice for singing," said {f}, "and a song is all I have."',
        '"I am far from my family," said {f}, "and I miss them so much."',
    )
    s.say(
        "{h} looked at the {magic}, and then {h.he} looked at {f}.",
        "{h} thought of {want}. Then {h.he} shook {h.his} head.",
    )
    s.say(
        '"I wish that {f} may be happy again," said {h}.',
        'Then {h} held the {magic} high. "Please help {f}," {h.he} said. "That is my wish."',
    )
    s.say(
        "There was a flash of light, and everything was well. {f} laughed and cried at the same time.",
        "The {magic} shone like the sun. And {f} began to smile, because the wish had come true.",
    )
    s.say(
        "The {magic} was now only a plain {magic}, but {h} did not mind.",
        '"You gave your only wish to me," said {f}. "I will be your friend for ever."',
        "{h} had no wish left, but {h.his} heart was full.",
    )
    s.close()


def neighbour(s):
    s.let(food=w.FOODS, habit=w.rows("""never said a word|always wore a big hat|only came out at night
hid behind the curtains|walked with eyes on the ground|had a very loud laugh"""))
    s.say(
        "{morning}, someone new came to live near {place}. It was {f.intro}.",
        "{morning}, {f.intro} moved into the empty house next door.",
    )
    s.say(
        "{f} {habit}, and the others thought that it was strange.",
        'Everyone talked about {f}, who {habit}. "How odd!" they said.',
    )
    s.say(
        '"Do not go there," said the others. But {h} wanted to know more.',
        '"Perhaps {f} is only shy," thought {h}.',
        '"It must be hard to be new," said {h}.',
    )
    s.say(
        "So {h} made {a_food} and knocked on the door.",
        "The next day, {h} took {a_food} and went to visit {f}.",
    )
    s.say(
        'The door opened a little. "What do you want?" asked {f}.',
        "{f} opened the door and looked at the ground.",
    )
    s.say(
        '"I want to say hello," said {h}. "My name is {h}, and this is for you."',
        '"Welcome!" said {h}. "Would you like to share this with me?"',
    )
    s.say(
        'For a moment it was quiet. Then {f} smiled. "Nobody has ever brought me {a_food} before," {f.he} said.',
        '{f} smiled for the first time. "Please come in," {f.he} said.',
    )
    s.several("hobby", w.rows("draw|sing|dance|cook|tell stories|play the flute|make toys|paint|juggle|build kites"), 2)
    s.say(
        "Inside, the walls were full of pictures. {f} had painted them all.",
        "They talked for hours. {f} knew how to {hobby1} and {hobby2}.",
        "Soon {h} found out that {f} could {hobby1} better than anyone.",
    )
    s.say(
        '"Will you teach me?" asked {h}. "I would love to," said {f}.',
        "{h} ran out and called the others, and before long the house was full of laughter.",
    )
    s.say(
        '"I was wrong about {f}," said one after another.',
        "After that, nobody thought that {f} was strange.",
        "A new friend was only one knock away.",
    )
    s.close()


ALL = [lost, found, stuck, storm, afraid, gift, share, journey, race, mystery, seed, quarrel, astray]
ALL += [wish, neighbour]
