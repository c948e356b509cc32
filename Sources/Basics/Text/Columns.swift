/// Where a text is in a column that is wider.
public enum Alignment: Sendable { case left, right, centre }

/// A text filled with spaces to a number of columns.
public func padded(_ text: String, to columns: Int, _ alignment: Alignment = .left) -> String {
  let space = max(0, columns - displayWidth(text))
  if space == 0 { return text }
  let before =
    switch alignment {
    case .left: 0
    case .right: space
    case .centre: space / 2
    }
  return String(repeating: " ", count: before) + text
    + String(repeating: " ", count: space - before)
}

/// A text cut to a number of columns, with `…` (or `~` in ASCII) where something was left out.
public func truncated(_ text: String, to columns: Int, unicode: Bool = true) -> String {
  guard displayWidth(text) > columns else { return text }
  var kept = ""
  var used = 0
  for character in text {
    let next = displayWidth(character)
    if used + next > columns - 1 { break }
    kept.append(character)
    used += next
  }
  return kept + (unicode ? "…" : "~")
}

/// A token's text in quotes, cut between them to a number of columns.
public func quoted(_ text: String, to columns: Int, unicode: Bool) -> String {
  let whole = quoted(text)
  guard displayWidth(whole) > columns else { return whole }
  return truncated(String(whole.dropLast()), to: columns - 1, unicode: unicode) + "\""
}
