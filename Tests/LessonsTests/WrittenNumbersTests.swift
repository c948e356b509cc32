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
      ("```\n12 MiB\n```", ["12"]),
      // Number words.
      ("two to\nthree GB", ["three GB"]), ("Thirty-two numbers", ["Thirty-two"]),
      ("two hundred and fifty-six", ["hundred", "fifty"]),
      ("four bits, 4 bits", ["four bits", "4"]),
      ("three times as much, twice as much", ["three times", "twice as"]),
      ("**half** of it", ["half of"]), ("`half a byte`", ["half a byte"]),
      ("two thirds", ["two thirds"]), ("some thousand tokens", ["thousand"]),
      ("```\nfour bits\n```", ["four bits"]),
      ("二到三 GB", ["三 GB"]), ("四分之一", ["分之一"]), ("三十二个", ["三十"]), ("两倍", ["两倍"]),
      ("八位整数", ["八位"]), ("一半", ["一半"]), ("几千个", ["几千"]), ("第十六行", ["十六"]),
    ] as [(String, [String])])
  func isAQuantity(_ text: String, _ quantities: [String]) throws {
    #expect(try found(in: text) == quantities)
  }

  @Test(
    arguments: [
      "two vectors, one of them first", "two and three", "Lesson seven", "ten tokens", "one byte",
      "once more, twice", "the second page, a third column", "half-way", "half a step",
      "float16, Q4_1, 7B, 7B-chat, int8 and x86-64", "Llama-2-7B", "{{x|2}} bits and {{y}}",
      "`tile 1`", "twenty_rows, hundredfold",
      "`SELECT 512`", "`2 × layers × bytes`", "`half_step`", "[text](https://a.org/12)",
      "<https://a.org/12>", "```\nnibble record -n 12\n```", "```debugger run\n12\n```",
      "```query run\nSELECT 1\n```",
      "一个，两个，三个向量", "第三位，第七课", "一位，一个字节", "四个半字节", "千万不要，万一", "两三个", "百分之几", "十个",
    ])
  func isNoQuantity(_ text: String) throws {
    #expect(try found(in: text) == [])
  }

  @Test func itsLineIsKnown() throws {
    let passage = Prose.Passage(
      text: "One.\n\n```query run\n5\n```\n\n[Two\n12](https://a.org)\nand 3", line: 7)
    let words = try WrittenNumbers.numberWords()
    #expect(WrittenNumbers(passage, words: words).quantities.map(\.line) == [14, 15])
  }

  @Test func aClaimCoversWholeQuantitiesAlone() throws {
    let numbers = try written("Thirty-two bits, two bits,\ntwo to three GB")
    #expect(numbers.quantities(within: "two bits").map(\.text) == ["two bits"])
    #expect(numbers.quantities(within: "Two to three GB").map(\.line) == [2])
    #expect(numbers.quantities(within: "two to three") == [])
  }

  @Test func everyNumberWordIsFound() throws {
    for word in try WrittenNumbers.numberWords() {
      #expect(try found(in: "(\(word))") == [word])
    }
  }

  private func written(_ text: String) throws -> WrittenNumbers {
    WrittenNumbers(
      Prose.Passage(text: text, line: 1), words: try WrittenNumbers.numberWords())
  }

  private func found(in text: String) throws -> [String] {
    try written(text).quantities.map(\.text)
  }
}
