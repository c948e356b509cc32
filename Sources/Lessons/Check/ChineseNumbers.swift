/// Quantities in Chinese numerals: numbers above ten, numbers with a unit, and shares.
enum ChineseNumbers {
  private static let digits: Set<Character> = [
    "零", "〇", "一", "二", "两", "兩", "三", "四", "五", "六", "七", "八", "九",
  ]
  private static let multipliers: Set<Character> = ["十", "百", "千", "万", "萬", "亿", "億"]
  /// What stands for an unknown digit before a multiplier: 几十, 数百, 上千.
  private static let someDigits: Set<Character> = ["几", "数", "上"]
  private static let units = [
    "个字节", "个比特", "字节", "比特", "位", "倍", "成", "%", "％", "个百分点", "毫秒", "微秒", "纳秒", "秒", "分钟",
    "bit", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB",
  ]
  /// Units after 一 that only say "a": 一位, 一个字节.
  private static let unitsOfOne: Set = ["个字节", "个比特", "字节", "比特", "位", "成"]
  /// Words that hold numerals, and are no numbers.
  private static let idioms: Set = ["万一", "千万", "一一"]
  private static let shares = [
    "一半", "一大半", "一小半", "一多半", "半个字节", "半个比特", "半位", "减半", "加倍", "翻倍", "翻番", "翻一番", "翻了一番",
    "半数",
  ]

  static func ranges(in text: [Character]) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var index = 0
    while index < text.count {
      if let share = shares.first(where: { begins($0, text, at: index) }) {
        found.append(index..<index + share.count)
        index += share.count
      } else if let end = number(text, from: index) {
        let quantity = quantity(text, index..<end)
        if let quantity { found.append(quantity) }
        index = quantity?.upperBound ?? end
      } else {
        index += 1
      }
    }
    return found
  }

  private static func begins(_ words: String, _ text: [Character], at index: Int) -> Bool {
    text[min(index, text.count)...].starts(with: words)
  }

  /// Where the numeral that begins here ends.
  private static func number(_ text: [Character], from index: Int) -> Int? {
    var end = index
    if index + 1 < text.count, someDigits.contains(text[index]),
      multipliers.contains(text[index + 1])
    {
      end += 1
    }
    while end < text.count, digits.contains(text[end]) || multipliers.contains(text[end]) {
      end += 1
    }
    return end > index ? end : nil
  }

  /// The numeral with the one that a range ends with, and with its unit; `nil` for a small one.
  private static func quantity(_ text: [Character], _ first: Range<Int>) -> Range<Int>? {
    var end = first.upperBound
    var isQuantity = isAboveTen(text[first])
    if begins("分之", text, at: end) {
      return number(text, from: end + 2).map { first.lowerBound..<$0 }
    }
    if end < text.count, ["到", "至", "或", "~", "～", "-"].contains(text[end]),
      let last = number(text, from: end + 1)
    {
      isQuantity = isQuantity || isAboveTen(text[end + 1..<last])
      end = last
    }
    let place = end < text.count && text[end] == " " ? end + 1 : end
    let isOrdinal = first.lowerBound > 0 && text[first.lowerBound - 1] == "第"
    if !isOrdinal, let unit = units.first(where: { begins($0, text, at: place) }),
      !(text[first.lowerBound..<end] == ["一"] && unitsOfOne.contains(unit))
    {
      return first.lowerBound..<place + unit.count
    }
    return isQuantity ? first.lowerBound..<end : nil
  }

  private static func isAboveTen(_ numeral: ArraySlice<Character>) -> Bool {
    guard numeral.count > 1, !idioms.contains(String(numeral)) else { return false }
    // 三四 is three or four; three digits in a row are one number.
    return numeral.count > 2 || numeral.contains(where: multipliers.contains)
  }
}
