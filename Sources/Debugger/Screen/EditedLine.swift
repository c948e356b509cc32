import Basics

/// A line that a person types, with the usual editing keys and the lines typed before it.
struct EditedLine: Equatable {
  var characters: [Character] = []
  /// Before which character the cursor stands.
  var cursor = 0
  /// Lines typed before, oldest first.
  private(set) var history: [String]
  /// Which of them is shown; their number where it is a new line.
  var place: Int
  /// The new line, while an older one is shown.
  private var draft: [Character] = []
  /// What was cut last, for ^Y.
  private var cut: [Character] = []
  /// The search of the history that is under way.
  var search: HistorySearch?

  init(history: [String] = []) {
    self.history = history
    place = history.count
  }

  var text: String { String(characters) }
  /// What stands before the cursor.
  var before: String { String(characters[..<cursor]) }

  /// Puts text at the cursor.
  mutating func insert(_ text: String) {
    characters.insert(contentsOf: text, at: cursor)
    cursor += text.count
  }

  /// Gives the line up, or takes it: then it is remembered, unless it is empty or as the last one.
  mutating func clear(remembering isTaken: Bool = false) {
    let line = text.trimmingSpaces()
    if isTaken, !line.isEmpty, line != history.last { history.append(line) }
    search = nil
    characters = []
    draft = []
    cursor = 0
    place = history.count
  }

  /// Does what an editing key does, emacs' control keys among them.
  ///
  /// - Returns: whether it was one.
  mutating func edit(_ key: Key) -> Bool {
    switch key {
    case .left, .character("\u{02}"): cursor = max(0, cursor - 1)
    case .right, .character("\u{06}"): cursor = min(characters.count, cursor + 1)
    case .wordLeft: cursor = startOfWord()
    case .wordRight: cursor = endOfWord()
    case .home, .character("\u{01}"): cursor = 0
    case .lineEnd, .character("\u{05}"): cursor = characters.count
    case .backspace:
      if cursor > 0 {
        cursor -= 1
        characters.remove(at: cursor)
      }
    case .delete, .character("\u{04}"):
      if cursor < characters.count { characters.remove(at: cursor) }
    case .character("\u{0B}"): cut(cursor..<characters.count)  // ^K
    case .character("\u{15}"): cut(0..<cursor)  // ^U
    case .character("\u{17}"), .wordBackspace: cut(startOfWord()..<cursor)  // ^W
    case .wordDelete: cut(cursor..<endOfWord())
    case .character("\u{19}"): insert(String(cut))  // ^Y
    case .character("\u{12}"): beginSearch()  // ^R
    case .up, .character("\u{10}"): recall(place - 1)
    case .down, .character("\u{0E}"): recall(place + 1)
    case .character(let character):
      guard let value = character.unicodeScalars.first?.value, value >= 0x20 else { return false }
      characters.insert(character, at: cursor)
      cursor += 1
    default: return false
    }
    return true
  }

  private mutating func cut(_ range: Range<Int>) {
    if range.isEmpty { return }
    cut = Array(characters[range])
    characters.removeSubrange(range)
    cursor = range.lowerBound
  }

  private mutating func recall(_ index: Int) {
    guard (0...history.count).contains(index) else { return }
    show(index)
    cursor = characters.count
  }

  /// Shows a line of the history, or the new one.
  mutating func show(_ index: Int) {
    if place == history.count { draft = characters }
    place = index
    characters = index == history.count ? draft : Array(history[index])
  }

  private func startOfWord() -> Int {
    var start = cursor
    while start > 0, characters[start - 1] == " " { start -= 1 }
    while start > 0, characters[start - 1] != " " { start -= 1 }
    return start
  }

  private func endOfWord() -> Int {
    var end = cursor
    while end < characters.count, characters[end] == " " { end += 1 }
    while end < characters.count, characters[end] != " " { end += 1 }
    return end
  }
}
