import Testing

@testable import Debugger

@Suite struct EditedLineTests {
  private func typed(_ keys: [Key], history: [String] = []) -> EditedLine {
    var line = EditedLine(history: history)
    for key in keys where !line.search(key) { _ = line.edit(key) }
    return line
  }

  private func keys(_ text: String) -> [Key] { text.map { .character($0) } }

  @Test func editsInTheMiddle() {
    let line = typed(
      keys("stp") + [.left] + keys("e") + [.home] + keys("r") + [.delete] + keys("s")
        + [.lineEnd, .backspace] + keys("p 3"))
    #expect(line.text == "rstep 3" && line.before == line.text)
  }

  @Test func movesAndCutsByWords() {
    #expect(typed(keys("goto pass 3") + [.wordLeft, .wordLeft]).before == "goto ")
    #expect(typed(keys("goto pass 3") + [.home, .wordRight]).before == "goto")
    #expect(typed(keys("goto pass 3") + [.character("\u{17}")]).text == "goto pass ")
    #expect(typed(keys("goto pass") + [.wordLeft, .character("\u{0B}")]).text == "goto ")
    #expect(typed(keys("goto pass") + [.wordLeft, .character("\u{15}")]).text == "pass")
  }

  @Test func cutsAndPutsBack() {
    #expect(typed(keys("goto pass 3") + [.home, .wordDelete]).text == " pass 3")
    #expect(
      typed(keys("goto pass 3") + [.wordBackspace, .home, .character("\u{19}")]).text
        == "3goto pass ")
  }

  // MARK: - Searching

  private static let history = ["step 3", "print tile.rows", "step", "mem"]
  private let controlR = Key.character("\u{12}")

  @Test func searchesBackwards() {
    var line = typed([controlR] + keys("st"), history: Self.history)
    #expect(line.text == "step" && line.before.isEmpty)
    #expect(line.search?.prompt == "(reverse-i-search)`st': ")
    line = typed([controlR] + keys("st") + [controlR], history: Self.history)
    #expect(line.text == "step 3")
    line = typed([controlR] + keys("st") + [controlR, controlR], history: Self.history)
    #expect(line.text == "step 3")
    #expect(line.search?.prompt == "(failed reverse-i-search)`st': ")
    line = typed([controlR] + keys("step 3") + [.backspace, .backspace], history: Self.history)
    #expect(line.text == "step")
  }

  @Test func aSearchEndsWithTheLineItFound() {
    var line = typed(
      [controlR] + keys("rows") + [.lineEnd] + keys("[0]"), history: Self.history)
    #expect(line.text == "print tile.rows[0]" && line.search == nil)
    line = typed([controlR] + keys("rows") + [.up], history: Self.history)
    #expect(line.text == "step 3")
  }

  @Test func aSearchGivenUpLeavesTheLineAsItWas() {
    let line = typed(
      keys("goto 7") + [.left, controlR] + keys("mem") + [.character("\u{07}")],
      history: Self.history)
    #expect(line.text == "goto 7" && line.before == "goto " && line.search == nil)
    #expect(typed(keys("goto") + [controlR] + keys("?"), history: []).text == "goto")
  }

  @Test func nothingHappensPastTheEnds() {
    let line = typed([.left, .backspace, .delete, .wordLeft, .right, .wordRight, .up, .down])
    #expect(line == EditedLine())
  }

  @Test func walksThroughTheHistoryAndBackToWhatWasTyped() {
    let history = ["step", "next"]
    #expect(typed(keys("in") + [.up], history: history).text == "next")
    #expect(typed(keys("in") + [.up, .up, .up], history: history).text == "step")
    #expect(typed(keys("in") + [.up, .up, .down, .down], history: history).text == "in")
  }

  @Test func remembersWhatWasTakenOnce() {
    var line = typed(keys("mem"), history: ["step"])
    line.clear(remembering: true)
    for key in keys(" mem ") { _ = line.edit(key) }
    line.clear(remembering: true)
    line.clear(remembering: true)
    for key in keys("given up") { _ = line.edit(key) }
    line.clear()
    #expect(line.history == ["step", "mem"] && line.text.isEmpty)
  }

  @Test func otherKeysAreNotItsOwn() {
    var line = EditedLine()
    for key in [Key.enter, .pageUp, .interrupt, .resize, .other, .character("\t")] {
      let isEdited = line.edit(key)
      #expect(!isEdited)
    }
    #expect(line == EditedLine())
  }
}
