/// A piece of text that looks the same throughout.
struct Span: Equatable {
  enum Style: Equatable {
    case plain, bold, emphasis, code, link, address
  }
  var text: String
  var style: Style
}

extension Span {
  /// The pieces of a line of Markdown: `**bold**`, `*emphasis*`, `` `code` ``, `[text](address)`,
  /// `<address>`.
  static func parse(_ text: String) -> [Span] {
    var spans: [Span] = []
    var style = Style.plain
    var rest = Substring(text)

    func add(_ text: some StringProtocol, _ style: Style) {
      guard !text.isEmpty else { return }
      if spans.last?.style == style {
        spans[spans.count - 1].text += text
      } else {
        spans.append(Span(text: String(text), style: style))
      }
    }

    while let first = rest.first {
      if first == "\\", let next = rest.dropFirst().first, next.isPunctuation || next.isSymbol {
        add(String(next), style)
        rest = rest.dropFirst(2)
      } else if rest.hasPrefix("{{"), let end = rest.firstRange(of: "}}") {
        add(rest[..<end.upperBound], style)
        rest = rest[end.upperBound...]
      } else if first == "`", let end = rest.dropFirst().firstIndex(of: "`") {
        add(rest[rest.index(after: rest.startIndex)..<end], .code)
        rest = rest[rest.index(after: end)...]
      } else if rest.hasPrefix("**"), style == .bold || rest.dropFirst(2).contains("**") {
        style = style == .bold ? .plain : .bold
        rest = rest.dropFirst(2)
      } else if first == "*", style == .emphasis || Self.opensEmphasis(rest) {
        style = style == .emphasis ? .plain : .emphasis
        rest = rest.dropFirst()
      } else if first == "[", let link = Self.link(rest) {
        add(link.text, .link)
        if link.text != link.address { add(" (\(link.address))", .address) }
        rest = link.rest
      } else if first == "<", rest.hasPrefix("<http"), let end = rest.firstIndex(of: ">") {
        add(rest[rest.index(after: rest.startIndex)..<end], .address)
        rest = rest[rest.index(after: end)...]
      } else {
        add(String(first), style)
        rest = rest.dropFirst()
      }
    }
    return spans
  }

  private static func opensEmphasis(_ rest: Substring) -> Bool {
    let inner = rest.dropFirst()
    guard let next = inner.first, next != " ", next != "*" else { return false }
    return inner.contains("*")
  }

  private static func link(
    _ rest: Substring
  ) -> (text: String, address: String, rest: Substring)? {
    guard let close = rest.firstRange(of: "]("),
      let end = rest[close.upperBound...].firstIndex(of: ")")
    else { return nil }
    let text = rest[rest.index(after: rest.startIndex)..<close.lowerBound]
    guard !text.contains("[") else { return nil }
    return (
      String(text), String(rest[close.upperBound..<end]), rest[rest.index(after: end)...]
    )
  }
}

extension [Span] {
  /// With templates filled; what fills them is no Markdown.
  func filled(_ fill: (String) throws -> String) rethrows -> [Span] {
    try map { Span(text: try fill($0.text), style: $0.style) }
  }
}
