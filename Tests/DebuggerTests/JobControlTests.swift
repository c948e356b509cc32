import Foundation
import TestSupport
import Testing
import TraceStore

/// The program as the job of a shell that a person types to, and a window that is closed.
@Suite(.serialized) struct JobControlTests {
  /// A shell at its first prompt, for which the terminal is the one that ^C and ^Z come from. It does
  /// not mend what its jobs do to the terminal.
  private func shell(_ folder: ScratchFolder) throws -> PseudoTerminal {
    let shell = try PseudoTerminal(
      URL(filePath: "/usr/bin/setsid"), ["--ctty", "--wait", "/bin/sh", "-i"], home: folder.path,
      environment: ["PS1": "$ ", "NIBBLE": DebuggerTerminal.program.path])
    try shell.expect("$ ")
    return shell
  }

  /// ^Z gives the terminal back; `fg` goes on, and draws the screen again.
  @Test(arguments: [false, true]) func suspendsAndResumes(isFull: Bool) throws {
    let folder = try ScratchFolder()
    try Rehearsal(path: folder.file()).perform()
    let shell = try shell(folder)
    shell.type("\"$NIBBLE\" step \(folder.file())\(isFull ? " --tui" : "")\r")
    try shell.expect(isFull ? DebuggerTerminal.entered : "(nibble) ")
    if isFull { try shell.expect("(nibble) ") }
    let repaint = isFull ? DebuggerTerminal.repaint : ""
    shell.type("print st" + repaint)
    try shell.expect("print st")
    #expect(!shell.isAsItWas)
    shell.type("\u{1A}")  // ^Z
    if isFull { try shell.expect(DebuggerTerminal.left) }
    try shell.expect("Stopped")
    try shell.expect("$ ")
    #expect(shell.isAsItWas)
    shell.type("fg\r")
    if isFull { try shell.expect(DebuggerTerminal.entered) }
    shell.type(repaint)
    try shell.expect("(nibble) print st")
    #expect(!shell.isAsItWas)
    shell.type("ep\r" + repaint)
    try shell.expect("step = 2")
    shell.type(repaint)
    try shell.expect("(nibble) ")  // it waits for keys again
    shell.type("\u{3}")  // ^C
    try shell.expect("Quit")
    shell.type("quit\r")
    try shell.expect("$ ")
    #expect(shell.isAsItWas)
    shell.type("exit\r")
    #expect(shell.wait() == 0)
  }

  /// A window that is closed ends the session, and what it recorded and what was typed stays.
  @Test(arguments: [false, true]) func theWindowIsClosed(isFull: Bool) throws {
    let folder = try ScratchFolder()
    let shell = try shell(folder)
    shell.type(
      "\"$NIBBLE\" step -p 'Once upon a time' -o \(folder.file())\(isFull ? " --tui" : "")\r")
    try shell.expect("(nibble) ")
    shell.type("generate 2\r" + (isFull ? DebuggerTerminal.repaint : ""))
    try shell.expect("took in")
    shell.hangUp()
    _ = shell.wait()
    let trace = try Trace(path: folder.file())
    #expect(try trace.passCount() == 3)
    #expect(try trace.passes().allSatisfy { $0.isFinished })
    let history = try String(contentsOfFile: folder.file("state/nibble/history"), encoding: .utf8)
    #expect(history.contains("generate\\0402"))
  }
}
