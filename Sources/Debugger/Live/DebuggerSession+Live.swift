import Basics
import CTerminal
import Inference
import Recording
import TraceStore

extension DebuggerSession {
  /// Runs the next pass of a live run, and says what went in and what came out. The cursor stands
  /// before what was run then, whose last step is the end that moves go to.
  ///
  /// - Returns: `false` where the session is not live or the run is over, which it says.
  /// - Throws: what ended the pass; the cursor stands where it ended.
  func runNextPass() throws -> Bool {
    guard let pass = try runPass() else { return false }
    show(try lines(about: pass))
    return true
  }

  private func runPass() throws -> LiveRun.Pass? {
    guard let live else { return nil }
    if let ending = live.ending {
      show(ending: ending)
      return nil
    }
    let before = try trace.eventCount()
    let progress = Progress(output)
    let count = live.nextCount
    live.operationBegins = { name, layer in
      progress.show {
        let pass = PassProgress(operation: name, layer: layer, layers: live.layerCount)
        return "running \(count == 1 ? "1 token" : "\(count) tokens"): \(pass); ^C gives it up"
      }
    }
    defer {
      live.operationBegins = { _, _ in }
      progress.clear()
    }
    let end = cursor.last
    do {
      let pass = try live.runNextPass(isCancelled: isCancelled)
      takenBackTo = nil
      try cursor.follow(from: end)
      return pass
    } catch InferenceError.overBudget(let failure) {
      progress.clear()
      try standAtFailure(since: before)
      throw DebuggerError.overBudget(failure, fitting: try fitting(failure.budget))
    } catch InferenceError.notFiniteOutput(let name, let value, let row, let column) {
      let error = InferenceError.notFiniteOutput(op: name, value: value, row: row, column: column)
      progress.clear()
      try standAtFailure(since: before)
      guard let op = try trace.notFiniteOp() else { throw error }
      throw DebuggerError.notFinite(
        sentence: "\(error)", advice: advice(after: op, row: row, column: column))
    } catch {
      let hadLine = progress.isShown
      progress.clear()
      // After the ^C that the terminal shows, where it shows one.
      if nibble_interrupted(), !hadLine, terminal?.fullScreen == nil { output.write("\n") }
      try standAtFailure(since: before)
      throw error
    }
  }

  private func show(ending: String) {
    show(wrapped(ending + " \"token\" and \"restart\" go on in another way.", to: style.width))
  }

  /// What would be within the budget: `tiled needs 2.1 MiB`.
  private func fitting(_ budget: Int) throws -> [String] {
    guard let live else { return [] }
    let most = meta["threads"] == "1" ? "" : "at most "
    return try live.needs().filter { $0.bytes <= budget }.map {
      "\($0.strategy.rawValue) needs \(most)\(formatBytes($0.bytes, rounded: .up))"
    }
  }

  /// Shows where a pass was given up: at the allocation that would have passed the budget, at the
  /// operation whose result is not finite, or at the end of what it did.
  private func standAtFailure(since before: Int) throws {
    let last = try trace.eventCount()
    guard last > before else { return }
    takenBackTo = nil
    try cursor.follow(from: last)
    if let pass = try trace.pass(trace.passCount()), !pass.isFinished, pass.steps.contains(last) {
      show(
        wrapped(
          "Pass \(pass.id) was given up. It is in the trace as far as it went; the KV cache is what"
            + " it was before.", to: style.width))
    }
    let failure = try trace.failure()?.step ?? trace.notFiniteOp()?.steps.upperBound ?? 0
    trail.leave(before, for: failure > before ? failure : last)
    try stand(at: failure > before ? failure : last)
    try showStop()
  }

  private func lines(about pass: LiveRun.Pass) throws -> [String] {
    guard let live, let row = try trace.pass(pass.id) else { return [] }
    var lines: [String] = []
    if let branch = pass.newBranch {
      lines.append(
        "Branch \(branch) begins, at position \(row.firstPosition)"
          + (pass.refilled.map { ": \($0.count) known tokens fill the KV cache again." } ?? "."))
    }
    let text = Place.text(of: row, tokens: try trace.tokens(inPass: row.id))
    let taken = "Pass \(row.id) took in \(quoted(text, to: 30, unicode: style.unicode))"
    let chosen = live.isPrefilling ? nil : live.next
    lines.append(
      taken + (chosen.map { " and chose \(quoted($0.text))\(probability(of: $0))" } ?? "") + ".")
    return lines.flatMap { wrapped($0, to: style.width) }
  }

  private func probability(of token: TraceToken) -> String {
    token.logprob.map { " (\(Self.percent($0)))" } ?? ""
  }

  /// Does `generate`: as many passes of one token, after those that the prompt still needs.
  func generate(_ count: Int) throws {
    let live = try liveRun(for: "generate")
    let origin = cursor.step
    var text = ""
    var passes: [Int] = []
    var decodes = 0
    let progress = Progress(output)
    func tell() {
      progress.clear()
      guard let first = passes.first, let last = passes.last else { return }
      let run = first == last ? "Pass \(first) took" : "Passes \(first) to \(last) took"
      show(wrapped("\(run) in \(quoted(text)).", to: style.width))
    }
    do {
      while decodes < count, live.ending == nil {
        if isCancelled() { break }
        progress.show { "\(decodes) of \(count) passes: \(quoted(String(text.suffix(40))))" }
        let isDecode = !live.isPrefilling
        guard let pass = try runPass() else { break }
        passes.append(pass.id)
        text += try trace.tokens(inPass: pass.id).map(\.text).joined()
        decodes += isDecode ? 1 : 0
      }
    } catch {
      tell()
      throw error
    }
    tell()
    if decodes < count, let ending = live.ending { show(ending: ending) }
    trail.leave(origin, for: cursor.last)
    try stand(at: cursor.last)
    try showStop()
    if isCancelled() { throw InferenceError.interrupted }
  }

  /// Does `token`.
  func forceToken(_ arguments: String) throws {
    let live = try liveRun(for: "token")
    try live.force(try token(arguments, of: "token", in: live.loaded))
    if let next = live.next {
      let text = quoted(next.text) + probability(of: next)
      show(["The next pass takes in \(text), token \(next.id)."])
    }
  }

  /// The token that a text means: its number, or its text in quotes.
  ///
  /// - Throws: `DebuggerError.notOneToken` for a text that is none or several.
  func token(_ text: String, of command: String, in model: LoadedModel) throws -> Int {
    let expected = "a token's number, or its text in quotes"
    guard !text.isEmpty else {
      throw DebuggerError.missingArgument(command: command, expected: expected)
    }
    if let id = Int(text) { return id }
    guard let words = unquoted(text) else {
      throw DebuggerError.badArgument(command: command, found: text, expected: expected)
    }
    let ids = model.tokens(of: words)
    guard ids.count == 1 else { throw DebuggerError.notOneToken(text: words, ids: ids) }
    return ids[0]
  }

  /// The run that a command needs.
  ///
  /// - Throws: ``DebuggerError/notLive(command:)``.
  func liveRun(for command: String) throws(DebuggerError) -> LiveRun {
    guard let live else { throw .notLive(command: command) }
    return live
  }
}

/// The text between quotes, with escapes as `quoted` writes them; `nil` where there are no quotes.
func unquoted(_ text: String) -> String? {
  guard text.count >= 2, text.first == "\"", text.last == "\"" else { return nil }
  var result = ""
  var isEscaped = false
  for character in text.dropFirst().dropLast() {
    if isEscaped {
      switch character {
      case "n": result.append("\n")
      case "t": result.append("\t")
      case "r": result.append("\r")
      default: result.append(character)
      }
      isEscaped = false
    } else if character == "\\" {
      isEscaped = true
    } else {
      result.append(character)
    }
  }
  return isEscaped ? nil : result
}
