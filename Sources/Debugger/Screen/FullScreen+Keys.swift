import Basics

// What the keys do on the full screen.
extension FullScreen {
  /// - Returns: what asking for the line came to, where the key ends it.
  func reply(to key: Key, prompt: String) -> LineReply? {
    if isAfterControlX {
      isAfterControlX = false
      return replyAfterControlX(to: key)
    }
    if line.search(key) {
      commands.scrollToEnd()
      return nil
    }
    switch key {
    case .enter: return .line(take(after: prompt))
    case .interrupt:
      commands.scrollToEnd()
      commands.write(prompt + line.text + "\n")
      line.clear()
      return .interrupted
    case .character("\u{04}") where line.text.isEmpty, .end: return .end
    case .character("\t"): complete(prompt: prompt)
    case .character("\u{18}"): isAfterControlX = true
    case .character("\u{0C}"): screen.repaint()  // ^L
    case .resize:
      focus.go(to: focus.pane, among: scrollable)
      refresh()
    default:
      if focus.scroll(key) { return nil }
      switch key {
      case .pageUp: commands.scrollUp()
      case .pageDown: commands.scrollDown()
      default: if line.edit(key) { commands.scrollToEnd() }
      }
    }
    return nil
  }

  /// gdb's: ^X a goes to the lines and back, ^X o to the next pane, ^X 2 to the next layout.
  private func replyAfterControlX(to key: Key) -> LineReply? {
    switch key {
    case .character("a"), .character("A"), .character("\u{01}"):
      defer { line.clear() }
      return .switchScreen(typed: line.text)
    case .character("o"), .character("\u{0F}"): focus.go(by: 1, among: scrollable)
    case .character("2"):
      let views = ScreenView.allCases
      if let place = views.firstIndex(of: view) { view = views[(place + 1) % views.count] }
    case .interrupt, .end: return reply(to: key, prompt: "")
    case .resize: refresh()
    default: break
    }
    return nil
  }

  /// The line that was typed, which is done next.
  private func take(after prompt: String) -> String {
    let text = line.text
    commands.scrollToEnd()
    commands.write(prompt + text + "\n")
    line.clear(remembering: true)
    let entry = text.trimmingSpaces()
    if !entry.isEmpty { remember(entry) }
    draw(prompt: nil)
    session.style = commandStyle
    return text
  }

  private func complete(prompt: String) {
    let completion = session.complete(line.before)
    if !completion.candidates.isEmpty {
      commands.write(prompt + line.text + "\n" + completion.candidates)
    }
    line.insert(completion.insert)
    commands.scrollToEnd()
  }
}
