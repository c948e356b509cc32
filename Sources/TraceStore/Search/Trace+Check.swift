import Events
extension Trace {
  /// Asks SQLite whether it understands an expression, and whether what it compares names with are
  /// names that there can be.
  ///
  /// - Throws: ``TraceError/sql(message:query:offset:)`` with the place of the error in the text.
  public func check(_ expression: SearchExpression) throws {
    _ = try firstRow(
      SearchQuery(expression, scope: .everywhere), where: .isUnderstood, steps: 1...1,
      backwards: false)
    func refuse(_ message: String, at offset: Int) -> TraceError {
      .sql(message: message, query: expression.text, offset: offset)
    }
    if expression.objects.isEmpty {
      throw refuse("it speaks of nothing that changes, such as mem.live or tile.rows", at: 0)
    }
    for comparison in expression.comparisons {
      let (object, field) = comparison.field
      let name = "\(object.rawValue).\(field.name)"
      if field.kind.isNumber, let text = comparison.values.first(where: \.isText) {
        throw refuse(
          "\(name) is a number, and '\(text.text)' a text; "
            + "sizes and times stand without quotes, as 64MiB",
          at: text.offset)
      }
      if let names = field.names, !comparison.isOrder {
        let known = try self.names(names)
        for value in comparison.values where !known.isEmpty && !known.contains(value.text) {
          throw refuse(
            "\(name) is never '\(value.text)'; \(advice(value.text, known))", at: value.offset)
        }
      } else if !field.kind.isNumber, let number = comparison.values.first(where: { !$0.isText }) {
        throw refuse(
          "\(name) is a text, and \(number.text) a number; put a text in quotes: '\(number.text)'",
          at: number.offset)
      }
    }
  }

  private func advice(_ text: String, _ known: [String]) -> String {
    if let meant = known.first(where: { $0.lowercased() == text.lowercased() }) {
      return "is '\(meant)' meant?"
    }
    let shown = known.prefix(12).map { "'\($0)'" }.joined(separator: ", ")
    return known.count > 12 ? "it is one of \(known.count), such as \(shown)" : "it is \(shown)"
  }

  /// The names that a field can have; none while they are not all known. All operations of a model
  /// are known once a pass is finished.
  private func names(_ names: TraceField.Names) throws -> [String] {
    switch names {
    case .listed(let names): names
    case .opKinds: try hasFinishedPass() ? Self.unique(try nodes().map(\.kind)) : []
    case .ops: try hasFinishedPass() ? try nodes().map(\.name) : []
    case .tensors: try tensors().map(\.name)
    case .tensorRoles: Self.unique(try tensors().map(\.role))
    case .tensorTypes: Self.unique(try tensors().map(\.type))
    }
  }

  private func hasFinishedPass() throws(TraceError) -> Bool {
    try !all("SELECT 1 FROM pass WHERE is_finished LIMIT 1", []) { _ in true }.isEmpty
  }

  private static func unique(_ names: [String]) -> [String] { Set(names).sorted() }
}

extension SearchExpression {
  /// A column that is compared with texts or numbers: by `=`, `!=`, `IS` or `IN`, or as to which is
  /// more.
  struct Comparison {
    let field: (object: TraceObject, field: TraceField)
    let isOrder: Bool
    var values: [(text: String, isText: Bool, offset: Int)] = []
  }

  /// The comparisons of a column, standing alone, with values that are written out.
  var comparisons: [Comparison] {
    let tokens = tokens.filter { $0.kind != .space }
    return tokens.indices.compactMap { index in
      guard case .field(let object, let field) = tokens[index].kind,
        Self.isEdge(index > 0 ? tokens[index - 1] : nil)
      else { return nil }
      var rest = tokens[(index + 1)...]
      let marks = rest.prefix {
        [.mark("="), .mark("!"), .mark("<"), .mark(">"), .word("IS"), .word("NOT"), .word("IN")]
          .contains($0.kind)
      }
      rest = rest.dropFirst(marks.count)
      let sign = marks.map(\.sql).joined().uppercased()
      let isOrder = ["<", "<=", ">", ">="].contains(sign)
      guard isOrder || ["=", "==", "!=", "<>", "IS", "ISNOT", "IN", "NOTIN"].contains(sign) else {
        return nil
      }
      var comparison = Comparison(field: (object, field), isOrder: isOrder)
      let isList = sign.hasSuffix("IN")
      if isList {
        guard rest.first?.kind == .mark("(") else { return nil }
        rest = rest.dropFirst()
      }
      repeat {
        guard let value = rest.popFirst(), Self.isEdge(rest.first) else { return nil }
        switch value.kind {
        case .text(let text), .number(let text):
          let isText = value.kind == .text(text)
          comparison.values.append((text, isText, value.place.lowerBound))
        default: if !isList { return nil }
        }
      } while isList && rest.popFirst()?.kind == .mark(",")
      return comparison
    }
  }

  /// Whether what stands beside a comparison ends it: where a text is joined to another, or
  /// compared without regard to capitals, it is none of its own.
  private static func isEdge(_ token: SearchToken?) -> Bool {
    switch token?.kind {
    case nil, .mark("("), .mark(")"), .mark(","): true
    case .word(let word): ["AND", "OR", "NOT", "WHEN", "THEN", "ELSE", "END"].contains(word)
    default: false
    }
  }

  /// What SQLite says is wrong with it, at the place that it came from.
  ///
  /// - Parameters:
  ///   - query: the query that the expression is in.
  ///   - offset: the byte of the query that the error is about.
  func error(_ message: String, inSQL query: String, at offset: Int?) -> TraceError {
    let start = query.firstRange(of: sql).map {
      query.utf8.distance(from: query.startIndex, to: $0.lowerBound)
    }
    var place = 0
    if let offset, let start, offset >= start { place = textOffset(ofSQL: offset - start) }
    let isAtEnd = place == text.utf8.count
    return .sql(
      message: isAtEnd ? "something is missing at the end" : message, query: text, offset: place)
  }
}
