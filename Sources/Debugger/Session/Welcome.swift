import Basics
import Events
import Inference
import TraceStore

extension DebuggerSession {
  /// What was recorded, where we stand, and what to type.
  func welcome() throws {
    let passes = try trace.passCount()
    let strategy = meta["strategy"].map { strategy in
      ", strategy \(strategy)"
        + (StrategyName(rawValue: strategy)?.tiles == .rows
          ? meta["tile_rows"].map { " of \($0) rows" } ?? "" : "")
    }
    let model = visible(meta["model"] ?? "a model")
    let prompt = meta["prompt"].map { " on " + quoted($0, to: 40, unicode: style.unicode) }
    var text = "\(model)\(prompt ?? "")\(strategy ?? ""). "
    let events = formatCount(try trace.eventCount())
    text += "\(passes) \(passes == 1 ? "pass" : "passes"), \(events) events"
    if let peak = try trace.peak() {
      text += "; at most \(formatBytes(peak.live.total)) alive, at step \(peak.step)"
    }
    switch meta["status"] {
    case "interrupted": text += "; the recording ended early"
    case "error": text += "; an error ended the recording"
    default: break
    }
    if let live {
      text +=
        "; recorded in \(live.trace)"
        + (live.hasReplaced ? ", in place of an older trace" : "")
    }
    let failure = try trace.failure()
    let notFinite = try trace.notFiniteOp()
    if live?.isPrefilling == true, failure == nil, notFinite == nil {
      text += "; the prompt was interrupted, and \"continue\" at the end runs it again"
    }
    show(wrapped("nibble: \(text).", to: style.width))
    if meta["status"] == "error", let error = meta["error"] {
      show(wrapped("The error: \(visible(error))", to: style.width))
    }
    if let failure {
      show(wrapped(postMortem(failure), to: style.width))
      return try showStop()
    }
    if let op = notFinite {
      show(wrapped(postMortem(op), to: style.width))
      return try showStop()
    }
    let running = live == nil ? "" : "\"continue\" at the end to run the next pass, "
    show(
      wrapped(
        "Type \"step\" for the next event, \"next\" for the next operation, \(running)\"mem\" to see the "
          + "memory, \"help\" for more; an empty line repeats. You are here:", to: style.width))
    try showStop()
  }

  /// Which operation ended the run, and what to type.
  private func postMortem(_ op: TraceOp) -> String {
    "The \(live == nil ? "run" : "pass") ended at step \(op.steps.upperBound): the result of "
      + "'\(op.name)' is not finite. Type \(advice(after: op)), \"info error\" to compare it with "
      + "the exact result, \"help\" for more. You are here:"
  }

  /// What to type after an operation whose result is not finite.
  func advice(after op: TraceOp, row: Int = 0, column: Int = 0) -> String {
    let place = op.rows > 1 ? "\(row), \(column)" : "\(column)"
    return
      "\"why \(op.name)[\(place)]\" to see what a value was computed from, \"reverse-next\" to "
      + "go back"
  }

  /// What ended the run, why, what may help, and what to type.
  private func postMortem(_ failure: TraceFailure) -> String {
    let isLive = live != nil
    let advice =
      isLive
      ? "\"set strategy\" takes another, and \"continue\" at the end tries again"
      : failure.category.advice
    return "The \(isLive ? "pass" : "run") ended at step \(failure.step): "
      + "'\(failure.name)' (\(failure.category.name)) asked for "
      + AllocationFailure.sum(asked: failure.bytes, live: failure.live, budget: failure.budget)
      + "; \(advice). "
      + "Type \"info buffers\" to see what holds the memory, \"mem\" to see how it came to this, "
      + "\"reverse-step\" to go back, \"help\" for more. You are here:"
  }
}
