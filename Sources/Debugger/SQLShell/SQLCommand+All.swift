import TraceStore

extension SQLCommand {
  /// All commands, by name.
  static let all: [SQLCommand] = [
    SQLCommand(
      ".examples", "[NUMBER]", counts: 0...1,
      summary: "List questions with a query for each, or run one of them",
      help: "Questions about two traces need another: `nibble sql TRACE --attach b=OTHER`.",
      writes: true
    ) { shell, arguments in
      guard let word = arguments.first else { return try shell.listExamples() }
      guard let number = Int(word), QueryExample.all.indices.contains(number - 1) else {
        throw SQLShellError(
          "There is no example \(word); they are numbered from 1 to \(QueryExample.all.count).")
      }
      try shell.run(QueryExample.all[number - 1])
    },
    SQLCommand(".functions", summary: "List the functions that nibble adds", writes: true) {
      shell, _ in
      try shell.listFunctions()
    },
    SQLCommand(
      ".headers", "on|off", counts: 1...1,
      summary: "Whether csv and list begin with the names of their columns",
      completes: .words(["on", "off"])
    ) { shell, arguments in
      shell.hasHeaders = try isOn(arguments[0], of: ".headers")
    },
    SQLCommand(
      ".help", "[COMMAND]", counts: 0...1, summary: "List the commands, or say more of one",
      completes: .commands
    ) { shell, arguments in
      try shell.help(arguments.first)
    },
    SQLCommand(
      ".mode", "[MODE]", counts: 0...1,
      summary: "Choose how results are written, or tell how they are",
      help: """
        box and markdown are tables, line has a line for each value, list and csv a line for each \
        row, json an array of objects. bars draws a bar for each value in the last column of \
        numbers. sparkline draws a curve for each column of numbers. A box that is wider than the \
        terminal is written as lines.
        """,
      completes: .words(TableFormat.allCases.map(\.rawValue))
    ) { shell, arguments in
      guard let name = arguments.first else {
        return shell.show(["current output mode: \(shell.format.rawValue)"])
      }
      guard let format = TableFormat(rawValue: name) else {
        throw SQLShellError(
          "There is no mode \"\(name)\"; there are "
            + TableFormat.allCases.map(\.rawValue).joined(separator: ", ") + ".")
      }
      shell.format = format
    },
    SQLCommand(
      ".once", "FILE", counts: 1...1, summary: "Write the next result to a file", completes: .files
    ) { shell, arguments in
      try shell.redirect(to: arguments[0], once: true)
    },
    SQLCommand(
      ".output", "[FILE]", counts: 0...1,
      summary: "Write all results to a file, or to the screen again", completes: .files
    ) { shell, arguments in
      shell.file = nil
      if let path = arguments.first, path != "stdout" {
        try shell.redirect(to: path, once: false)
      }
    },
    SQLCommand(
      ".parameter", "set NAME VALUE | unset NAME | clear | list", counts: 1...3,
      summary: "Give values to parameters such as :name",
      help: "VALUE is an expression of SQL, or else a text: .parameter set :layer 3.",
      completes: .words(["set", "unset", "clear", "list"])
    ) { shell, arguments in
      try shell.parameter(arguments)
    },
    SQLCommand(".quit", summary: "Leave; ^D and .exit do too") { shell, _ in shell.quit() },
    SQLCommand(
      ".read", "FILE", counts: 1...1,
      summary: "Do the lines of a file; the first that fails ends it",
      help: "What fails is told with its file and line. A file may read others, up to 20 deep.",
      completes: .files
    ) { shell, arguments in
      try shell.read(arguments[0])
    },
    SQLCommand(
      ".schema", "[NAME]", counts: 0...1,
      summary: "Print how tables and views are defined, with what each column means",
      help: "NAME can have the wildcards of LIKE: .schema kv%.", completes: .tables, writes: true
    ) { shell, arguments in
      try shell.schema(arguments.first)
    },
    SQLCommand(
      ".tables", "[NAME]", counts: 0...1, summary: "List tables and views",
      help: "NAME can have the wildcards of LIKE: .tables %summary.", completes: .tables,
      writes: true
    ) { shell, arguments in
      try shell.tables(arguments.first)
    },
    SQLCommand(
      ".timer", "on|off", counts: 1...1, summary: "Whether to tell how long a query took",
      completes: .words(["on", "off"])
    ) { shell, arguments in
      shell.showsTime = try isOn(arguments[0], of: ".timer")
    },
  ]
}
