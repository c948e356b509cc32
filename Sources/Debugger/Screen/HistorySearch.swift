/// The search that ^R begins: the newest line of the history that holds a text, then older ones.
struct HistorySearch: Equatable {
  var text = ""
  /// Whether no older line holds the text.
  var hasFailed = false
  /// The line that was shown, and the cursor in it, for ^G.
  let place: Int
  let cursor: Int

  /// What stands in place of the prompt, as bash shows it.
  var prompt: String { "(\(hasFailed ? "failed " : "")reverse-i-search)`\(text)': " }
}

extension EditedLine {
  mutating func beginSearch() {
    search = HistorySearch(place: place, cursor: cursor)
  }

  /// Does what a key does in a search. Any key that means nothing in it ends it, and the line that
  /// was found stays.
  ///
  /// - Returns: whether the key is done with.
  mutating func search(_ key: Key) -> Bool {
    guard var search else { return false }
    switch key {
    case .character("\u{12}"):  // ^R: an older one
      find(&search, from: place - 1)
    case .character("\u{07}"):  // ^G: as it was
      show(search.place)
      cursor = min(search.cursor, characters.count)
      self.search = nil
      return true
    case .backspace:
      search.text = String(search.text.dropLast())
      show(search.place)
      find(&search, from: history.count - 1)
    case .character(let character) where character.unicodeScalars.allSatisfy { $0.value >= 0x20 }:
      search.text.append(character)
      find(&search, from: min(place, history.count - 1))
    case .character("\u{1B}"):
      self.search = nil
      return true
    case .resize, .character("\u{0C}"):  // drawing anew changes nothing
      return false
    default:
      self.search = nil
      return false
    }
    self.search = search
    return true
  }

  private mutating func find(_ search: inout HistorySearch, from start: Int) {
    search.hasFailed = false
    if search.text.isEmpty { return }
    for index in stride(from: start, through: 0, by: -1) {
      guard let found = history[index].firstRange(of: search.text) else { continue }
      show(index)
      cursor = history[index].distance(from: history[index].startIndex, to: found.lowerBound)
      return
    }
    search.hasFailed = true
  }
}
