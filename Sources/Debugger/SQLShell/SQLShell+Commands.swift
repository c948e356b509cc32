import Basics
import TraceStore

extension SQLShell {
  func help(_ name: String?) throws {
    guard let name else {
      let column =
        (SQLCommand.all.map(\.usage).filter { $0.count < 20 }.map(\.count).max() ?? 0) + 2
      for command in SQLCommand.all {
        let usage = command.usage.count < 20 ? command.usage : command.name
        show(
          wrapped(command.summary, to: max(20, style.width - column))
            .prefixed(first: padded(usage, to: column), others: padded("", to: column)))
      }
      return show([
        "", "A statement ends with a semicolon and may take several lines; ^C ends a query.",
      ])
    }
    let command = try SQLCommand.named(name.hasPrefix(".") ? name : "." + name)
    show([command.usage])
    show(wrapped(command.summary + ".", to: style.width - 2).map { "  " + $0 })
    if !command.help.isEmpty { show([""] + wrapped(command.help, to: style.width)) }
  }

  // MARK: - What there is to ask

  private func matching(_ pattern: String?) throws -> [QuerySession.Table] {
    let all = try session.tables()
    guard let pattern else { return all.filter { !$0.isPrivate } }
    let found = try all.filter { table in
      let names = [table.name, "\(table.schema).\(table.name)"]
      return try names.contains {
        try session.result(
          of: "SELECT :name LIKE :pattern", with: ["name": .text($0), "pattern": .text(pattern)]
        ).single == .integer(1)
      }
    }
    guard !found.isEmpty else {
      throw SQLShellError("There is no table or view \"\(pattern)\"; .tables lists them.")
    }
    return found
  }

  func tables(_ pattern: String?) throws {
    let names = try matching(pattern).map {
      ["main", "temp"].contains($0.schema) ? $0.name : "\($0.schema).\($0.name)"
    }
    try write(inColumns(names, width: style.width))
  }

  func schema(_ pattern: String?) throws {
    try write(try matching(pattern).map { $0.sql + ";" })
  }

  func listFunctions() throws {
    for function in QueryFunction.all {
      try write(["\(function.name)(\(function.arguments))"])
      try write(wrapped(function.help, to: style.width - 4).map { "    " + $0 })
    }
  }

  // MARK: - Examples

  func listExamples() throws {
    for (index, example) in QueryExample.all.enumerated() {
      let number = padded("\(index + 1)", to: 3, .right)
      try write(
        wrapped(example.question, to: style.width - 5)
          .prefixed(first: number + "  ", others: padded("", to: 5)))
    }
    if file == nil { show([".examples NUMBER shows the query and runs it."]) }
  }

  func run(_ example: QueryExample) throws {
    if example.needsOther && session.attached.isEmpty {
      throw SQLShellError(
        "This compares two traces; attach the other: `nibble sql TRACE --attach b=OTHER`.")
    }
    try write(["-- " + example.question, example.sql, ""])
    try query(example.sql)
  }

  // MARK: - Parameters

  func parameter(_ arguments: [String]) throws {
    func name(_ word: String) -> String {
      [":", "@", "$", "?"].contains(word.first) ? String(word.dropFirst()) : word
    }
    switch (arguments[0], arguments.count) {
    case ("list", 1):
      for (name, value) in session.parameters.sorted(by: { $0.key < $1.key }) {
        show([":\(name) = \(visible(value.text ?? "NULL"))"])
      }
    case ("clear", 1):
      session.parameters = [:]
    case ("unset", 2):
      session.parameters[name(arguments[1])] = nil
    case ("set", 3):
      session.parameters[name(arguments[1])] = try value(of: arguments[2])
    default:
      throw SQLShellError("Usage: .parameter set NAME VALUE, unset NAME, clear, or list.")
    }
  }

  /// What an expression comes to; one that SQLite does not understand is a text.
  private func value(of expression: String) throws -> SQLValue {
    do {
      return try session.result(of: "SELECT " + expression, limit: 2).single ?? .text(expression)
    } catch {
      if let error = error as? TraceError, case .sql = error { return .text(expression) }
      throw error
    }
  }
}
