import Foundation
import Testing

@testable import Lessons

/// Lessons played from a pipe.
@Suite struct PlayerTests {
  static let solved = ["", "352", "", "SELECT sum(bytes) FROM tile;", "a"]

  @Test func aLessonIsPlayedToItsEnd() throws {
    let scratch = try Scratch()
    let played = try PlayedLesson(scratch.lesson(), state: scratch.url, lines: Self.solved)
    #expect(played.text.contains("you said"))
    #expect(played.text.contains("That was \"A new lesson\"."))
    #expect(played.progress["01-trial"]?.isFinished == true)
  }

  @Test func wrongAnswersDoNotPass() throws {
    let scratch = try Scratch()
    let played = try PlayedLesson(
      scratch.lesson(), state: scratch.url,
      lines: [
        "", "many", "1", "", "SELECT 1, 2;", "SELECT sum(byte) FROM tile;",
        "SELECT bytes FROM tile;",
        "SELECT count(*) FROM tile;", "SELECT sum(bytes)", "FROM tile", "", "z", "b", "a",
      ])
    for said in [
      "Please answer with a number", "× what you said", "has 2 columns", "no such column: byte",
      "rows, and what",
      "The shape is right", "Please choose one of a, b", "Not this one.", "`freed_step`", "Right.",
    ] {
      #expect(played.text.contains(said), "\(said)")
    }
    #expect(played.progress["01-trial"]?.isFinished == true)
  }

  @Test func commandsOfTheLesson() throws {
    let scratch = try Scratch()
    let played = try PlayedLesson(
      scratch.lesson(), state: scratch.url,
      lines: [
        "back", "help", "", "hint", "info", "skip", "", "hint", "SELECT 1", ".hint", ".back", "",
        ".play",
        "step", "done", ".skip", "skip",
      ])
    for said in [
      "This is the first step.", "There are no more hints", "The table `tile` has", "step 4 of 5",
      "You are in the debugger on the recording \"run\"", "Back in the lesson",
      "SELECT sum(bytes) FROM tile",
    ] {
      #expect(played.text.contains(said), "\(said)")
    }
    let progress = try #require(played.progress["01-trial"])
    #expect(progress.isFinished)
    #expect(progress.skipped == ["guess", "ask", "explain"])
  }

  @Test func aLessonGoesOnWhereItWasLeft() throws {
    let scratch = try Scratch()
    let folder = try scratch.lesson()
    let state = scratch.url
    let left = try PlayedLesson(
      folder, state: state, lines: ["", "352", "", "quit-is-sql", ".quit"])
    #expect(left.text.contains("goes on here"))
    #expect(left.progress["01-trial"]?.step == "ask")
    let resumed = try PlayedLesson(
      folder, state: state, lines: ["SELECT sum(bytes) FROM tile;", "a"])
    #expect(resumed.text.contains("You go on where you were, at step 4 of 5."))
    #expect(resumed.progress["01-trial"]?.isFinished == true)
  }

  @Test func aRecordingThatIsGoneIsMadeAgain() throws {
    let scratch = try Scratch()
    let folder = try scratch.lesson()
    let left = try PlayedLesson(folder, state: scratch.url, lines: ["", "352", ""])
    left.progress.recordings(of: "01-trial").removeAll()
    let resumed = try PlayedLesson(
      folder, state: scratch.url, lines: ["", "SELECT sum(bytes) FROM tile;", "a"])
    #expect(resumed.text.contains("at step 3 of 5"))
    #expect(resumed.progress["01-trial"]?.isFinished == true)
  }

  @Test func aPredictionIsRevealedOnceItIsMeasured() throws {
    let scratch = try Scratch()
    let played = try PlayedLesson(
      scratch.lesson(), state: scratch.url, lines: ["", "1,000,000", ""])
    let text = played.text
    let noted = try #require(text.firstRange(of: "Noted."))
    let measured = try #require(text.firstRange(of: "measured  "))
    #expect(noted.upperBound < measured.lowerBound)
    #expect(text.contains("What you said is"))
    #expect(played.progress["01-trial"]?.revealed == ["guess"])
  }

  @Test(arguments: [Language.english, .simplifiedChinese], [40, 80])
  func nothingIsWiderThanTheTerminal(_ language: Language, _ width: Int) throws {
    let scratch = try Scratch()
    let played = try PlayedLesson(
      scratch.lesson(), state: scratch.url, lines: Self.solved, language: language, width: width)
    let wide = played.text.split(separator: "\n").filter {
      StyledLine([Span(text: String($0), style: .plain)]).width > width
    }
    // A command that can be typed is not broken.
    #expect(wide.allSatisfy { $0.contains("nibble record") }, "\(wide)")
  }

  @Test func theTrialOfAModelThatIsNotThereEndsNothing() throws {
    let scratch = try Scratch()
    let folder = try scratch.lesson(
      changing: "lesson.yml", "count: 2}", to: "count: 2, model: nowhere.gguf}")
    let played = try PlayedLesson(
      folder, state: scratch.url, lines: ["", "1", "", "skip", "", "quit"])
    #expect(played.text.contains("There is no model file 'nowhere.gguf'"))
    #expect(played.progress["01-trial"]?.skipped.contains("record") == true)
  }
}
