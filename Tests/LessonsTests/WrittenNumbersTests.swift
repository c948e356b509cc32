import Testing

@testable import Lessons

@Suite struct WrittenNumbersTests {
  @Test(
    arguments: [
      // Digits, of any script, in whatever type.
      ("It takes 12 bytes.", ["12"]), ("用 4 个", ["4"]), ("用4个", ["4"]),
      ("0.5 or 1,024", ["0.5", "1,024"]), ("８位", ["８"]), ("٣ or ३", ["٣", "३"]), ("½", ["½"]),
      ("`12` or `1.5 KiB`", ["12", "1.5"]),
      ("[a quarter, 12](https://a.org/7)", ["a quarter", "12"]),
      ("[Llama 2](https://a.org)", ["2"]), ("2GB, 4-bit, 8位", ["2GB", "4-bit", "8"]),
      ("a 512-token prompt of 4k", ["512-token", "4k"]), ("1. one\n2. two 3", ["3"]),
      ("```\n12 MiB\nfour bits\n```", ["12", "four bits"]),
      // English words.
      ("two to three GB", ["two to three GB"]), ("two\nto three GB", ["two to three GB"]),
      ("Thirty-two numbers", ["Thirty-two"]),
      ("two hundred and fifty-six", ["two hundred and fifty-six"]),
      ("four and a half bits", ["four and a half bits"]), ("an eight-bit integer", ["eight-bit"]),
      ("ten per cent, two %", ["ten per cent", "two"]), ("three times as much", ["three times"]),
      ("twice as much", ["twice as"]), ("half of it", ["half of"]),
      ("half a byte", ["half a byte"]),
      ("more than half", ["than half"]), ("three quarters", ["three quarters"]),
      ("two thirds", ["two thirds"]), ("a tenth of it", ["a tenth"]), ("it is halved", ["halved"]),
      ("tenfold", ["tenfold"]), ("nine out of ten", ["nine out of ten"]),
      ("some thousand tokens", ["thousand"]),
      ("**two** bytes", ["two bytes"]),
      ("`two bytes`", ["two bytes"]), ("one percent", ["one percent"]),
      // Chinese numerals.
      ("二到三 GB", ["二到三 GB"]), ("四分之一", ["四分之一"]), ("三十二个", ["三十二"]), ("五一二个", ["五一二"]),
      ("百分之三", ["百分之三"]), ("两倍", ["两倍"]), ("八位整数", ["八位"]), ("一半", ["一半"]), ("翻了一番", ["翻了一番"]),
      ("四个字节", ["四个字节"]), ("几千个", ["几千"]), ("四到五位", ["四到五位"]), ("第十六行", ["十六"]),
    ] as [(String, [String])])
  func isAQuantity(_ text: String, _ quantities: [String]) {
    #expect(found(in: text) == quantities)
  }

  @Test(
    arguments: [
      "two vectors, one of them first", "two and three", "Lesson seven", "ten tokens", "one byte",
      "once more, twice", "the second page, a third column", "half-way", "half a step",
      "float16, Q4_1, 7B, 7B-chat, int8 and x86-64", "Llama-2-7B", "{{x|2}} bits and {{y}}",
      "`tile 1`",
      "`SELECT 512`", "`2 × layers × bytes`", "`half_step`", "[text](https://a.org/12)",
      "<https://a.org/12>", "```\nnibble record -n 12\n```", "```debugger run\n12\n```",
      "```query run\nSELECT 1\n```", "someone, attention",
      "一个，两个，三个向量", "第三位，第七课", "一位，一个字节", "四个半字节", "千万不要，万一", "两三个", "百分比", "十个",
    ])
  func isNoQuantity(_ text: String) {
    #expect(found(in: text) == [])
  }

  @Test func itsLineIsKnown() {
    let passage = Prose.Passage(
      text: "One.\n\n```query run\n5\n```\n\n[Two\n12](https://a.org)\nand 3", line: 7)
    #expect(WrittenNumbers(passage).quantities.map(\.line) == [14, 15])
  }

  @Test func aClaimCoversWholeQuantitiesAlone() {
    let numbers = WrittenNumbers(
      Prose.Passage(text: "Thirty-two bits, two bits,\ntwo to three GB", line: 1))
    #expect(numbers.quantities(within: "two bits").map(\.text) == ["two bits"])
    #expect(numbers.quantities(within: "Two to three GB").map(\.line) == [2])
    #expect(numbers.quantities(within: "three GB") == [])
  }

  private func found(in text: String) -> [String] {
    WrittenNumbers(Prose.Passage(text: text, line: 1)).quantities.map(\.text)
  }
}
