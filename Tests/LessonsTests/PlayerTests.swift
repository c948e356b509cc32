import Foundation
import Recording
import Testing
import TraceStore

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
      "Please answer with a count", "× what you said", "has 2 columns", "no such column: byte",
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

  @Test func aQueryThatWasBegunGoesOnAfterAHint() throws {
    let scratch = try Scratch()
    let played = try PlayedLesson(
      scratch.lesson(), state: scratch.url,
      lines: ["", "352", "", "SELECT sum(bytes)", ".hint", "FROM tile;", ".quit"])
    #expect(played.text.contains("The table `tile` has"), "\(played.text)")
    #expect(played.progress["01-trial"]?.passed.contains("ask") == true, "\(played.text)")
  }

  @Test func aCommandWithItsDotIsHeardInTheFreeDebugger() throws {
    let scratch = try Scratch()
    let played = try PlayedLesson(
      scratch.lesson(), state: scratch.url,
      lines: ["", "352", "", ".play", "step", ".hint", "SELECT 1", ".play", ".quit"])
    let text = played.text
    let back = try #require(text.firstRange(of: "Back in the lesson"))
    #expect(text[back.upperBound...].contains("has a row for each tile."))
    #expect(text.contains("goes on here."))
    #expect(played.progress["01-trial"]?.step == "ask")
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
    try left.progress.recordings(of: "01-trial", model: nil).removeAll()
    let resumed = try PlayedLesson(
      folder, state: scratch.url, lines: ["", "SELECT sum(bytes) FROM tile;", "a"])
    #expect(resumed.text.contains("at step 3 of 5"))
    #expect(resumed.progress["01-trial"]?.isFinished == true)
  }

  @Test func whatIsSkippedIsShownAndMade() throws {
    let scratch = try Scratch()
    let folder = try scratch.lesson()
    let played = try PlayedLesson(
      folder, state: scratch.url, lines: ["", "skip", ".skip", ".skip", "skip"])
    let tiles = try played.progress.recordings(of: "01-trial", model: nil)
      .run(ValueQuery(trace: "run", sql: "SELECT count(*) FROM tile")) { _ in .null }
    for said in [
      "It is measured later in this lesson", "Later steps need this", "Recorded: ",
      "measured \(tiles.rows[0][0].number.map { Int($0) } ?? 0)", "SELECT sum(bytes) FROM tile",
      "a) No.", "Each tile is freed before the next one is made.",
    ] {
      #expect(played.text.contains(said), "\(said)")
    }
    #expect(played.progress["01-trial"]?.skipped == ["guess", "record", "ask", "explain"])
  }

  @Test func recordingsAreKeptForEachModel() throws {
    let scratch = try Scratch()
    let folder = try scratch.lesson()
    let tiny = try ModelCatalogue.path(of: nil)
    let other = scratch.url.appendingPathComponent("other.gguf").path
    try FileManager.default.copyItem(atPath: tiny, toPath: other)
    func play(_ lines: [String], _ model: String?) throws -> PlayedLesson {
      try PlayedLesson(folder, state: scratch.url, lines: lines, model: model)
    }
    _ = try play(["", "352", "", ".quit"], nil)
    let second = try play(["", "12", "", ".quit"], other)
    let said = second.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(said.contains("What you did on tiny is kept: -m tiny goes on there."))
    #expect(!second.text.contains("recorded already"))
    let back = try play([".back", "", ".quit"], "tiny")
    #expect(back.text.contains("at step 4 of 5"))
    #expect(back.text.contains("This is recorded already."))
    #expect(back.progress["01-trial"]?.said == ["guess": "352.0"])
    let again = try play([".quit"], other)
    #expect(again.progress["01-trial"]?.said == ["guess": "12.0"])
    let folders = try FileManager.default.contentsOfDirectory(
      atPath: scratch.url.appendingPathComponent("lessons/01-trial").path)
    #expect(folders.sorted().map { $0.prefix { $0 != "-" } } == ["other", "tiny"])
  }

  @Test func aRecordingIsUsedAgainOnlyWhereItWouldBeTheSame() throws {
    let scratch = try Scratch()
    let folder = try scratch.lesson()
    let left = try PlayedLesson(folder, state: scratch.url, lines: ["", "352", "", ".quit"])
    let recordings = try left.progress.recordings(of: "01-trial", model: nil)
    try Scratch.change(folder.appendingPathComponent("lesson.yml"), "count: 2}", to: "count: 3}")
    let changed = try PlayedLesson(folder, state: scratch.url, lines: ["", ".quit"])
    #expect(changed.text.contains("run.sqlite was made otherwise"))
    #expect(changed.text.contains("at step 3 of 5"))
    let files = try FileManager.default.contentsOfDirectory(atPath: recordings.folder.path)
    #expect(
      Set(files).isSuperset(
        of: ["run.sqlite", "run.sqlite.recipe", "run-old1.sqlite", "run-old1.sqlite.recipe"]))
    // Without its recipe nobody knows what a recording is of.
    try FileManager.default.removeItem(atPath: Recipe.path(of: recordings.path(of: "run")))
    let unknown = try PlayedLesson(folder, state: scratch.url, lines: [".quit"])
    #expect(unknown.text.contains("it is kept as run-old2.sqlite"))
  }

  @Test func recordingsOfAnEarlierNibbleAreToldOf() throws {
    let scratch = try Scratch()
    let folder = try scratch.lesson()
    try scratch.write("", to: "lessons/01-trial/run.sqlite")
    let played = try PlayedLesson(folder, state: scratch.url, lines: [".quit"])
    #expect(played.text.contains("Recordings of an earlier nibble lie in"))
  }

  @Test func aShareIsNoMoreThanAll() throws {
    let scratch = try Scratch()
    let folder = try scratch.lesson(changing: "lesson.yml", "unit: count", to: "unit: percent")
    let played = try PlayedLesson(
      folder, state: scratch.url, lines: ["", "101 %", "1e300", "100 %", ".quit"])
    let refusals = played.text.components(separatedBy: "a share, from 0 to 100 %.").count - 1
    #expect(refusals == 3, "before the first answer, and for each that is none")
    #expect(played.progress["01-trial"]?.said == ["guess": "1.0"])
  }

  @Test(arguments: Lessons.Unit.allCases, ["1e308", "9e18", "1e-300", "9007199254740993"])
  func hugeAnswersAreCompared(_ unit: Lessons.Unit, _ answer: String) throws {
    let scratch = try Scratch()
    let folder = try scratch.lesson(
      changing: "lesson.yml", "unit: count", to: unit == .none ? "" : "unit: \(unit.rawValue)")
    let played = try PlayedLesson(
      folder, state: scratch.url, lines: ["", answer, "1", "", ".quit"])
    #expect(played.text.contains("measured"))
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

  /// A lesson whose prediction has choices, one with the key of a choice of the last step.
  private static func lessonWithChoices(_ scratch: Scratch) throws -> URL {
    let folder = try scratch.lesson(
      changing: "lesson.yml", "    value: tiles\n    unit: count\n    tolerance: 20%\n",
      to: """
            choices: [a, b]
            answer: {trace: run, sql: "SELECT CASE WHEN count(*) > 0 THEN 'b' END FROM tile"}

        """)
    for file in ["en.md", "zh-Hans.md"] {
      try Scratch.change(
        folder.appendingPathComponent(file), "### after\n\n",
        to: """
          ### choice a

          None.

          There are {{tiles|count}}, since each matrix is dequantized.

          ### choice b

          Some.

          The strategy makes tiles.

          ### after


          """, firstAlone: true)
    }
    return folder
  }

  @Test(
    arguments: [
      (
        "a",
        ["You said: None.", "are 352, since each", "The recording says: Some.", "makes tiles."]
      ),
      ("b", ["You said: Some. The recording agrees.", "The strategy makes tiles."]),
      ("skip", ["measured Some.", "The strategy makes tiles."]),
    ])
  func theReasonsOfAPredictionAreShown(_ answer: String, _ shown: [String]) throws {
    let scratch = try Scratch()
    let played = try PlayedLesson(
      Self.lessonWithChoices(scratch), state: scratch.url, lines: ["", answer, "", ".quit"])
    var rest = played.text[...]
    for said in shown {
      let found = try #require(rest.firstRange(of: said), "\(said) in \(rest)")
      rest = rest[found.upperBound...]
    }
    // Only those of the choices that count, and none of another step's choices.
    #expect(played.text.contains("since each matrix") == (answer == "a"))
    #expect(!played.text.contains("Each tile is freed"))
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
