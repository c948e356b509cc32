import TraceStore

/// Where a breakpoint stops: a weight tensor, a layer, an operation, a token, a pass, a step, or a
/// result that is not finite.
enum Location: Equatable {
  /// Operations that multiply by a weight tensor, or read its rows; `*` stands for anything.
  case tensor(String)
  case layer(Int)
  /// Operations of a kind (`mul_mat`), or of a name with or without its layer; `*` for anything.
  case op(String)
  /// The passes that a position of the text goes into.
  case token(Int)
  case pass(Int)
  case step(Int)
  /// Operations whose result holds an infinity or a NaN.
  case notFinite
  case anywhere

  static let expected =
    "a weight tensor (blk.3.attn_q), an operation (ffn_gate-3), \"layer 3\", \"op matmul\", "
    + "\"token 5\", \"pass 2\", a step, \"nan\" or \"any\""

  /// As it is typed, and saved.
  var text: String {
    switch self {
    case .tensor(let name): name
    case .layer(let number): "layer \(number)"
    case .op(let name): "op \(name)"
    case .token(let position): "token \(position)"
    case .pass(let number): "pass \(number)"
    case .step(let step): "step \(step)"
    case .notFinite: "nan"
    case .anywhere: "any"
    }
  }
}

extension DebuggerSession {
  /// The location that a text means.
  ///
  /// - Throws: ``DebuggerError`` where there is no such place in the trace.
  func location(_ text: String, of command: String) throws -> Location {
    let words = text.split(separator: " ").map(String.init)
    let wrong = DebuggerError.badArgument(
      command: command, found: text, expected: Location.expected)
    if words == ["any"] { return .anywhere }
    if words == ["nan"] { return .notFinite }
    guard words.count == 2 else {
      guard words.count == 1 else { throw wrong }
      if let number = Int(words[0]) { return try step(number, text, of: command) }
      return try location(named: words[0], of: command)
    }
    if words[0] == "op" {
      let location = Location.op(words[1])
      if try nodes(of: location).all.isEmpty { throw unknownPlace(words[1]) }
      return location
    }
    guard let number = Int(words[1]), number >= 0 else { throw wrong }
    func known(_ location: Location, _ topic: String, _ isKnown: Bool) throws -> Location {
      // What is not there yet may come while a run goes on.
      guard isKnown || canGrow else {
        throw DebuggerError.unknownName(
          name: text, advice: "\"info \(topic)\" lists what there is")
      }
      return location
    }
    switch words[0] {
    case "layer":
      let location = Location.layer(number)
      return try known(location, "layers", !nodes(of: location).all.isEmpty)
    case "token":
      return try known(.token(number), "tokens", !trace.passes(ofPosition: number).isEmpty)
    case "pass": return try known(.pass(number), "passes", trace.pass(number) != nil)
    case "step": return try step(number, text, of: command)
    default: throw wrong
    }
  }

  private func step(_ number: Int, _ text: String, of command: String) throws -> Location {
    .step(number > 0 && canGrow ? number : try checkedStep(number, text, of: command))
  }

  /// A tensor, or else an operation, by a name or pattern.
  private func location(named name: String, of command: String) throws -> Location {
    let tensor = Location.tensor(name)
    if try !nodes(of: tensor).all.isEmpty { return tensor }
    let op = Location.op(name)
    if try !nodes(of: op).all.isEmpty { return op }
    throw unknownPlace(name)
  }

  private func unknownPlace(_ name: String) -> DebuggerError {
    .unknownName(
      name: name,
      advice:
        "\"info ops all\" and \"info tensors\" list names, and \"help break\" what else there is"
    )
  }

  /// The operations that a location means: all, and those at which one enters it.
  func nodes(of location: Location) throws -> (all: [Int], entries: [Int]) {
    switch location {
    case .tensor(let name):
      let tensors = try trace.tensors().filter {
        matches($0.name, name) || matches($0.name, name + ".weight")
      }
      let ids = Set(tensors.map(\.id))
      let nodes = try trace.nodes().filter { $0.tensor.map(ids.contains) ?? false }.map(\.id)
      return (nodes, nodes)
    case .op(let name):
      let kind = ["matmul", "mulmat"].contains(name.lowercased()) ? "mul_mat" : name.lowercased()
      let nodes = try trace.nodes().filter { node in
        let short = node.layer.map { String(node.name.dropLast("-\($0)".count)) }
        return matches(node.kind, kind) || matches(node.name, name)
          || short.map { matches($0, name) } ?? false
      }.map(\.id)
      return (nodes, nodes)
    case .layer(let number):
      let nodes = try trace.nodes().filter { $0.layer == number }.map(\.id)
      return (nodes, Array(nodes.prefix(1)))
    case .token, .pass, .step, .notFinite, .anywhere: return ([], [])
    }
  }

  /// The search for a location, and a condition.
  func search(_ location: Location, _ condition: SearchExpression?) throws -> TraceSearch {
    let scope: SearchScope
    switch location {
    case .tensor, .op, .layer:
      let nodes = try nodes(of: location)
      // Where a condition is the same throughout a pass, the entrance is the place to stop at.
      scope = .nodes(condition.map { $0.isOfPass } ?? true ? nodes.entries : nodes.all)
    case .token(let position): scope = .ranges(try trace.passes(ofPosition: position))
    case .pass(let number): scope = .ranges(try trace.pass(number).map { [$0.steps] } ?? [])
    case .step(let step): scope = .ranges([step...step])
    case .notFinite:
      let own = SearchExpression.resultIsNotFinite
      return TraceSearch(
        scope: .everywhere,
        condition: try SearchExpression(condition.map { "\(own) AND (\($0.text))" } ?? own))
    case .anywhere: scope = .everywhere
    }
    return TraceSearch(scope: scope, condition: condition)
  }
}

/// Whether a name fits a pattern in which `*` stands for anything.
func matches(_ name: String, _ pattern: String) -> Bool {
  guard pattern.contains("*") else { return name == pattern }
  let parts = pattern.split(separator: "*", omittingEmptySubsequences: false).map(String.init)
  guard let first = parts.first, let last = parts.last, name.hasPrefix(first) else { return false }
  var rest = name.dropFirst(first.count)
  for part in parts.dropFirst().dropLast() where !part.isEmpty {
    guard let found = rest.range(of: part) else { return false }
    rest = rest[found.upperBound...]
  }
  return rest.hasSuffix(last)
}
