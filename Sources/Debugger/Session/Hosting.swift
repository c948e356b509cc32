import CLibEdit
import CTerminal
import Foundation

/// What a program needs that holds the terminal itself and has a session do lines of its own
/// choosing, as a lesson does.
extension DebuggerSession {
  /// Tells the session of the terminal that its host reads from, so that commands that draw on one
  /// work. The host calls ``leaveTerminal()`` when it is done with the session.
  public func useTerminal(_ lines: any LineSource) {
    guard isTerminal(0), isTerminal(1) else { return }
    terminal = SessionTerminal(lines: lines as? TerminalLines)
  }

  /// Ends the full screen, where it is on.
  public func leaveTerminal() {
    disableFullScreen()
    terminal = nil
  }

  /// Asks for the next line: of the full screen while it is on, else of `lines`.
  public func nextLine(from lines: any LineSource) -> LineReply {
    let source: any LineSource = terminal?.fullScreen ?? lines
    return source.next(prompt: "(nibble) ")
  }

  /// Does one line that came from `lines`; says on the side of messages why it could not be done.
  ///
  /// - Returns: whether it was done.
  @discardableResult
  public func answer(_ line: String, from lines: any LineSource) -> Bool {
    if terminal != nil { style = .standardOutput(colour: usesColour) }
    sources.append(terminal?.fullScreen ?? lines)
    defer { sources.removeLast() }
    return attempt { try execute(line, repeats: lines.isInteractive) }
  }

  /// Shows where the cursor stands.
  public func showPlace() throws { try showStop() }

  /// Goes to a step without a word; the next stop is compared with it.
  public func begin(at step: Int) throws {
    _ = cursor.go(to: step)
    shown = try trace.event(at: cursor.step)?.live
  }

  /// What Tab makes of the text before the cursor.
  public func completion(of before: String) -> Completion { complete(before) }
}

/// ^C as a flag, for a program that is not to be ended by it.
public enum Interrupts {
  /// From now on ^C sets the flag.
  public static func install() { nibble_interrupts_install() }
  /// Gives ^C back to whoever had it.
  public static func remove() { nibble_interrupts_remove() }
  public static var isPending: Bool { nibble_interrupted() }
  public static func clear() { nibble_interrupts_clear() }
}
