import TraceStore

/// A place or a condition at which moves stop.
struct Breakpoint {
  /// What it waits for.
  enum Kind: Equatable {
    /// Arriving at a location, where the condition holds.
    case location(Location)
    /// A change of the value of an expression, where the condition holds.
    case change(SearchExpression)
  }

  /// Counts from 1; `break` and `watch` share their numbers.
  let id: Int
  let kind: Kind
  /// Whether it is deleted at its first stop.
  var isTemporary = false
  var isEnabled = true
  var condition: SearchExpression?
  /// How often it was reached.
  var hits = 0
  /// How many times more it is passed over.
  var ignored = 0
  /// What is done after a stop at it.
  var commands: [String] = []

  /// `Breakpoint` or `Watchpoint`, as gdb calls them.
  var title: String {
    switch kind {
    case .location: (isTemporary ? "Temporary breakpoint" : "Breakpoint") + " \(id)"
    case .change: "Watchpoint \(id)"
    }
  }

  /// What it waits for, as it is typed.
  var what: String {
    switch kind {
    case .location(let location): location.text
    case .change(let expression): expression.text
    }
  }

  /// The line that sets it.
  var line: String {
    let command: String
    switch kind {
    case .location: command = isTemporary ? "tbreak" : "break"
    case .change: command = "watch"
    }
    return "\(command) \(what)" + (condition.map { " if \($0.text)" } ?? "")
  }
}

/// The breakpoints and watchpoints of a session.
struct Breakpoints {
  private(set) var all: [Breakpoint] = []
  private var nextID = 1

  var enabled: [Breakpoint] { all.filter(\.isEnabled) }

  mutating func add(
    _ kind: Breakpoint.Kind, condition: SearchExpression?, isTemporary: Bool = false
  ) -> Breakpoint {
    let breakpoint = Breakpoint(
      id: nextID, kind: kind, isTemporary: isTemporary, condition: condition)
    nextID += 1
    all.append(breakpoint)
    return breakpoint
  }

  subscript(id: Int) -> Breakpoint? {
    get { all.first { $0.id == id } }
    set {
      guard let index = all.firstIndex(where: { $0.id == id }) else { return }
      if let newValue { all[index] = newValue } else { all.remove(at: index) }
    }
  }

  mutating func removeAll() { all = [] }
}
