import Basics
import TraceStore

extension DebuggerSession {
  /// What Tab does to a line whose text before the cursor is `before`.
  func complete(_ before: String) -> Completion {
    let words = before.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    // Within a function's brackets a name begins anew.
    let word =
      words.last?.split(separator: "(", omittingEmptySubsequences: false).last
      .map(String.init) ?? ""
    let candidates = (try? candidates(for: words.dropLast().filter { !$0.isEmpty })) ?? []
    // A name that would act on the terminal is typed by hand.
    return .of(word, among: candidates.filter { visible($0) == $0 }, width: style.width)
  }

  /// What the next word can be, after the words before it.
  private func candidates(for words: [String]) throws -> [String] {
    let names = Command.all.map(\.name) + macros.names
    guard let typed = words.first else { return names }
    // A name that a person made stands for the words of its command.
    let words = expanded(typed).split(separator: " ").map(String.init) + words.dropFirst()
    guard let first = words.first else { return names }
    switch try Command.named(Self.split(first).word).completes {
    case .nothing: return []
    case .words(let known): return words.count == 1 ? known : []
    case .commands: return words.count == 1 ? names : []
    case .topics:
      if words.count == 1 { return InfoTopic.all.map(\.name) }
      return try words[1].hasPrefix("te") ? trace.tensors().map(\.name) : opNames()
    case .grains: return words.count == 1 ? Grain.allCases.map(\.rawValue) : []
    case .settings:
      if words.count == 1 { return RunSetting.allCases.map(\.rawValue) }
      return words.count == 2 ? RunSetting.named(words[1])?.values ?? [] : []
    case .ranges: return words.count == 1 ? ["op", "layer", "pass", "all", "kv", "peak"] : []
    case .places: return words.count == 1 ? try ["start", "end", "peak", "pass"] + opNames() : []
    case .breakpoints: return breakpoints.all.map { String($0.id) }
    case .conditions:
      let takesExpression = try ["watch", "condition"].contains(Command.named(first).name)
      if takesExpression || words.contains("if") {
        return TraceObject.fieldNames + TraceObject.words.map(\.field.name) + ["if"]
      }
      if words.last == "op" { return try opKinds() + opNames() }
      return try ["any", "if", "layer", "nan", "op", "pass", "step", "token"] + opNames()
        + trace.tensors().map(\.name)
    case .tensors: return try trace.tensors().map(\.name)
    case .values: return try ["logit"] + opNames()
    case .expressions:
      let functions = ArrayFunction.all.map { $0.name + "(" }
      return try TraceObject.names + TraceObject.fieldNames + functions + opNames()
        + trace.tensors().map(\.name)
    }
  }

  private func opNames() throws -> [String] {
    guard let pass = try trace.pass(at: cursor.step) ?? trace.pass(1) else { return [] }
    return try trace.ops(inPass: pass.id).map(\.name)
  }

  /// Kinds of operations, and their names without a layer, as `break op` takes them.
  private func opKinds() throws -> [String] {
    let nodes = try trace.nodes()
    let short = nodes.compactMap { node in
      node.layer.map { String(node.name.dropLast("-\($0)".count)) }
    }
    return ["matmul"] + Set(nodes.map(\.kind) + short).sorted()
  }
}

/// Words in columns, as many as the width takes; a long list is cut.
func inColumns(_ words: [String], width: Int) -> [String] {
  let shown = words.prefix(200)
  let column = (shown.map(displayWidth).max() ?? 0) + 2
  let across = max(1, width / column)
  var lines: [String] = []
  for start in stride(from: 0, to: shown.count, by: across) {
    let line = shown[start..<min(start + across, shown.count)]
    lines.append(line.map { padded($0, to: column) }.joined().trimmingTrailingSpaces())
  }
  if words.count > shown.count { lines.append("and \(words.count - shown.count) more") }
  return lines
}

extension String {
  /// The characters that two texts have in common from their beginning.
  func commonPrefix(with other: String) -> String {
    String(zip(self, other).prefix { $0 == $1 }.map(\.0))
  }
}
