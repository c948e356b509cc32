import Debugger
import Foundation

/// How far something is that takes a while, and whether it is to end.
struct Making {
  let show: (_ fraction: Double) -> Void
  /// Whether ^C was pressed.
  var isCancelled: () -> Bool = { Interrupts.isPending }

  /// Where nobody waits for it.
  static var silent: Making { Making(show: { _ in }, isCancelled: { false }) }
}

extension Player {
  /// Does something that takes a while, with a line that tells how far it is.
  func making<T>(_ phrase: Phrase, _ body: (Making) throws -> T) rethrows -> T {
    Interrupts.clear()
    defer {
      talk.output.progress(nil)
      Interrupts.clear()
    }
    let columns = 24
    talk.output.progress(text(phrase))
    return try body(
      Making { [talk, text] fraction in
        let full = Int((min(max(fraction, 0), 1) * Double(columns)).rounded())
        let bar = Bar.text(full, of: columns, unicode: talk.style.unicode)
        talk.output.progress("\(text(phrase)) \(bar) \(Int(fraction * 100)) %")
      })
  }
}

/// A bar of so many columns.
enum Bar {
  static func text(_ full: Int, of columns: Int, unicode: Bool) -> String {
    String(repeating: unicode ? "█" : "#", count: full)
      + String(repeating: unicode ? "░" : ".", count: max(columns - full, 0))
  }
}
