import Testing

@testable import Debugger

@Suite struct EditedLineTests {
  private func typed(_ keys: [Key], history: [String] = []) -> EditedLine {
    var line = EditedLine(history: history)
    for key in keys { _ = line.edit(key) }
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
