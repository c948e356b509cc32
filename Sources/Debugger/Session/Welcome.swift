import Inference
import TraceStore

extension DebuggerSession {
  /// What was recorded, where we stand, and what to type.
  func welcome() throws {
    let passes = try trace.passCount()
    let strategy = meta["strategy"].map { strategy in
      ", strategy \(strategy)" + (meta["tile_rows"].map { " of \($0) rows" } ?? "")
    }
    let model = meta["model"] ?? "a model"
    let prompt = meta["prompt"].map { " on " + quoted($0, to: 40, unicode: style.unicode) }
    var text = "\(model)\(prompt ?? "")\(strategy ?? ""). "
    text += "\(passes) \(passes == 1 ? "pass" : "passes"), \(formatCount(cursor.last)) events"
    if let peak = try trace.peak() {
      text += "; at most \(formatBytes(peak.live.total)) alive, at step \(peak.step)"
    }
    if meta["status"] == "interrupted" { text += "; the recording was interrupted" }
    show(wrapped("nibble: \(text).", to: style.width))
    show(
      wrapped(
        "Type \"step\" for the next event, \"next\" for the next operation, \"mem\" to see the "
          + "memory, \"help\" for more; an empty line repeats. You are here:", to: style.width))
    try showStop()
  }
}
