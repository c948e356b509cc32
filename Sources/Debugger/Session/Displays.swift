import Basics
import TraceStore

/// What is printed at each stop, by number.
struct Displays {
  private(set) var all: [(id: Int, expression: String)] = []
  private var nextID = 1

  mutating func add(_ expression: String) {
    all.append((nextID, expression))
    nextID += 1
  }

  /// - Returns: whether there was one of this number.
  mutating func remove(_ id: Int) -> Bool {
    guard let index = all.firstIndex(where: { $0.id == id }) else { return false }
    all.remove(at: index)
    return true
  }

  mutating func removeAll() { all = [] }
}

extension DebuggerSession {
  /// Does `display`: with an expression, prints it now and at every stop; without, prints all.
  func display(_ expression: String) throws {
    if expression.isEmpty {
      guard !displays.all.isEmpty else { return show(["Nothing is displayed."]) }
      return showDisplays()
    }
    do {
      try printExpression(expression)
    } catch DebuggerError.nothingHere {
      show(["\(expression) is shown wherever there is one."])
    }
    displays.add(expression)
  }

  /// Does `undisplay`.
  func undisplay(_ arguments: String) throws {
    if arguments.isEmpty { return displays.removeAll() }
    for word in arguments.split(separator: " ") {
      guard let id = Int(word), displays.remove(id) else {
        throw DebuggerError.unknownName(
          name: "display \(word)", advice: "\"info display\" lists them")
      }
    }
  }

  /// Does `info display`.
  func infoDisplay() {
    guard !displays.all.isEmpty else {
      return show(["Nothing is displayed; \"display mem.live\" shows it at every stop."])
    }
    var table = Table([("num", .right), ("expression", .left)])
    for (id, expression) in displays.all { table.add(String(id), expression) }
    show(table.lines(style: style))
  }

  /// Prints what stands here; what does not stand here is left out.
  func showDisplays() {
    for (_, expression) in displays.all {
      do {
        try printExpression(expression)
      } catch DebuggerError.nothingHere {
        continue
      } catch {
        show(["\(expression): \(error)"])
      }
    }
  }
}
