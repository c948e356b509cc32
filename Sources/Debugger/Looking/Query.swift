import CLibEdit
import Dispatch
import TraceStore

extension DebuggerSession {
  /// Runs a query and prints its result as a table. ^C ends it.
  func query(_ sql: String) throws {
    nibble_interrupts_clear()
    let interrupter = try trace.queryInterrupter()
    let watch = DispatchSource.makeTimerSource(queue: .global())
    watch.schedule(deadline: .now() + .milliseconds(50), repeating: .milliseconds(50))
    watch.setEventHandler { if nibble_interrupted() { interrupter.interrupt() } }
    watch.resume()
    defer {
      watch.cancel()
      nibble_interrupts_clear()
    }
    let output = output
    var isEmpty = true
    try trace.run(sql, format: style.unicode ? .box : .markdown) { text in
      isEmpty = false
      output.write(text)
    }
    if isEmpty { show(["No rows."]) }
  }
}
