import Foundation
import Testing

@testable import Lessons

/// The check fails for each kind of broken lesson, and says where and why.
@Suite struct BrokenLessonTests {
  struct Breakage: CustomTestStringConvertible {
    let file: String
    let old: String
    let new: String
    /// What the problem says.
    let problem: String

    var testDescription: String { problem }

    init(_ file: String, _ old: String, _ new: String, _ problem: String) {
      self.file = file
      self.old = old
      self.new = new
      self.problem = problem
    }
  }

  static func problems(_ breakage: Breakage) throws -> [String] {
    let scratch = try Scratch()
    let folder = try scratch.lesson(changing: breakage.file, breakage.old, to: breakage.new)
    do {
      return LessonCheck(try Lesson(folder: folder))
        .problems(in: scratch.url.appendingPathComponent("recordings"))
    } catch let error as LessonError {
      return ["\(error)"]
    }
  }

  /// A lesson is right until it is broken.
  private func expect(
    _ breakage: Breakage, in folder: URL, problems: () throws -> [String]
  ) throws {
    #expect(try problems() == [])
    try Scratch.change(folder.appendingPathComponent(breakage.file), breakage.old, to: breakage.new)
    let found = try problems()
    #expect(found.contains { $0.contains(breakage.problem) }, "\(found.joined(separator: "\n"))")
  }

  @Test func theNewLessonItselfPasses() throws {
    #expect(try Self.problems(Breakage("lesson.yml", "", "", "")) == [])
  }

  static let yaml = [
    Breakage("lesson.yml", "minutes: 5", "minutes: five", "lesson.yml:2: \"minutes\" has to be"),
    Breakage("lesson.yml", "minutes: 5", "", "needs \"minutes\""),
    Breakage(
      "lesson.yml", "minutes: 5", "minutes: 5\ncolour: red", "\"colour\" is no key of a lesson"),
    Breakage("lesson.yml", "kind: read", "kind: reed", "\"reed\" is no kind of step"),
    Breakage("lesson.yml", "unit: count", "unit: apples", "\"unit\" can be"),
    Breakage("lesson.yml", "unit: count", "units: count", "\"units\" is no key"),
    Breakage("lesson.yml", "tolerance: 20%", "tolerance: some", "\"tolerance\" can be"),
    Breakage("lesson.yml", "answer: a", "answer: c", "\"c\" is none of the choices"),
    Breakage("lesson.yml", "choices: [a, b]", "choices: [a]", "at least two \"choices\""),
    Breakage("lesson.yml", "count: 2}", "count: many}", "\"count\" has to be"),
    Breakage("lesson.yml", "count: 2}", "size: 2}", "\"size\" is no key"),
    Breakage("lesson.yml", "    trace: run", "    trace: ../../run", "\"../../run\" is no name"),
    Breakage("lesson.yml", "id: guess", "id: begin", "two steps \"begin\""),
    Breakage("lesson.yml", "steps:", "steps: [", "is no YAML"),
    Breakage("lesson.yml", "  tiles: {trace", "  op: {trace", "name of a place in the debugger"),
    Breakage("lesson.yml", "  - id: ask\n", "  - idle: ask\n", "needs \"id\""),
  ]

  static let prose = [
    Breakage("en.md", "## ask", "## asked", "the step \"ask\" has no heading"),
    Breakage("zh-Hans.md", "## begin", "## record\n\nx\n\n## begin", "two sections \"record\""),
    Breakage(
      "en.md", "### hint\n\nThe table `tile` has a row for each tile.", "", "needs \"### hint\""),
    Breakage(
      "en.md", "\n\nYes.\n\nThe table says", "\n\nYes. The table says",
      "needs a paragraph with its reason"),
    Breakage("en.md", "### choice b", "### choice z", "needs \"### choice b\""),
    Breakage(
      "en.md", "### question\n\nHow many bytes", "### what\n\nHow many bytes", "none of question"),
    Breakage(
      "en.md", "It made {{tiles|count}}.", "It made {{tiles|count}}, 352 of them.",
      "the number \"352\""),
    Breakage("zh-Hans.md", "一共 {{tiles|count}} 个。", "一共 352 个。", "the number \"352\""),
    Breakage(
      "zh-Hans.md", "一共 {{tiles|count}} 个。", "很多。",
      "{{tiles|count}} in what comes after is in one language alone"),
    Breakage(
      "zh-Hans.md", "### hint\n\n表", "### hint\n\n别忘了。\n\n### hint\n\n表", "hint 2 is not in en.md"),
    Breakage(
      "en.md", "A short run", "```query run\nSELECT 1\n```\n\nA short run",
      "the blocks in the text differ"),
    Breakage("en.md", "A short run is", "A [short](htps:/nowhere) run is", "is no address"),
    Breakage("en.md", "# A new lesson", "# Lesson 10", "the number \"10\" in the title"),
    Breakage("en.md", "A short run", "A run of two to three GB", "the number \"three GB\""),
    Breakage("zh-Hans.md", "录下一次很短的运行。", "录下四分之一。", "the number \"分之一\""),
    Breakage("en.md", "A short run", "A [run of 12](https://example.org/)", "the number \"12\""),
  ]

  /// Values that are the same whatever was recorded.
  static let constants = [
    "{trace: run, sql: SELECT 512}", "{trace: run, sql: SELECT (512)}",
    "{trace: run, sql: SELECT abs(512)}", "{trace: run, sql: SELECT 512 FROM meta LIMIT 1}",
    "{sql: SELECT max(512)}",
  ].map {
    Breakage(
      "lesson.yml", "{trace: run, sql: SELECT count(*) FROM tile}", $0,
      "\"tiles\" reads no recording and no other value")
  }

  static let measured = [
    Breakage("en.md", "{{tiles|count}}", "{{tile|count}}", "no value or fact \"tile\""),
    Breakage("en.md", "{{tiles|count}}", "{{tiles|much}}", "there are bytes, percent"),
    Breakage("en.md", "{{tiles|count}}", "{{tiles|source}}", "only a fact has a source"),
    Breakage(
      "en.md", "What the lesson is about", "{{tiles}}: what the lesson is about",
      "\"run\" has not been recorded yet"),
    Breakage(
      "lesson.yml", "SELECT count(*) FROM tile}", "SELECT count(*) FROM tail}",
      "no such table: tail"),
    Breakage(
      "lesson.yml", "SELECT count(*) FROM tile}", "SELECT bytes FROM tile}", "one row of one column"
    ),
    Breakage(
      "lesson.yml", "SELECT sum(bytes) FROM tile}", "SELECT NULL FROM tile LIMIT 1}",
      "is NULL"),
    Breakage(
      "lesson.yml", "      - SELECT count(*) FROM tile", "      - SELECT total(bytes) FROM tile",
      "a wrong attempt passes"),
    Breakage(
      "lesson.yml", "      - SELECT count(*) FROM tile", "      - SELECT count(*) FROM tail",
      "no such table: tail"),
    Breakage(
      "lesson.yml", "solution: SELECT sum(bytes) FROM tile",
      "solution: SELECT bytes FROM tile WHERE false", "gives no rows"),
    Breakage(
      "lesson.yml", "solution: SELECT sum(bytes) FROM tile", "solution: SELECT 13631488",
      "reads no recording and no value"),
    Breakage(
      "lesson.yml", "solution: SELECT sum(bytes) FROM tile", "solution: SELECT sum(byte) FROM tile",
      "no such column"),
    Breakage("lesson.yml", "tolerance: 20%", "tolerance: 1000000", "an answer of 0 is close"),
    Breakage(
      "lesson.yml", "count: 2}", "count: 2, memory-budget: 1KiB}", "ends at its memory budget"),
    Breakage(
      "lesson.yml", "    trace: run\n    options", "    trace: run\n    fails: true\n    options",
      "does not end at its memory budget"),
    Breakage("lesson.yml", "minutes: 5", "minutes: 5\nneeds: [gpt]", "needs the model \"gpt\""),
    Breakage("lesson.yml", "value: tiles", "value: tails", "no value or fact \"tails\""),
    Breakage(
      "lesson.yml", "  tiles: {trace: run", "  tiles: {trace: walk",
      "\"walk\" has not been recorded"),
    Breakage(
      "lesson.yml", "count: 2}", "count: 2, model: nowhere.gguf}", "no model file 'nowhere.gguf'"),
  ]

  @Test(arguments: yaml + prose + constants + measured)
  func isFound(_ breakage: Breakage) throws {
    let problems = try Self.problems(breakage)
    #expect(
      problems.contains { $0.contains(breakage.problem) }, "\(problems.joined(separator: "\n"))")
  }

  /// A lesson that says what it does not measure.
  static let claims = [
    Breakage("lesson.yml", "en: two to three GB", "en: two to four GB", "\"three GB\""),
    Breakage("lesson.yml", "en: two to three GB", "en: three", "the claim \"three\""),
    Breakage("en.md", "Some say two to three GB", "Some say", "the claim \"two to three GB\""),
    Breakage("zh-Hans.md", "二到三 GB", "一到三 GB", "the number \"三 GB\""),
    Breakage("zh-Hans.md", "(https://example.org/said)", "(https://example.org/)", "in zh-Hans.md"),
    Breakage("lesson.yml", "https://example.org/said", "somebody", "is no address"),
    Breakage("lesson.yml", ", zh-Hans: 二到三 GB", "", "a claim needs \"zh-Hans\""),
    Breakage("lesson.yml", "source: \"https://example.org/said\"", "", "a claim needs \"source\""),
  ]

  @Test(arguments: claims)
  func isFoundInClaims(_ breakage: Breakage) throws {
    let scratch = try Scratch()
    let folder = try scratch.lesson()
    try Scratch.change(
      folder.appendingPathComponent("lesson.yml"), "values:",
      to: """
        claims:
          - {en: two to three GB, zh-Hans: 二到三 GB, source: "https://example.org/said"}
        values:
        """)
    try Scratch.change(
      folder.appendingPathComponent("en.md"), "A short run is",
      to: "[Some](https://example.org/said) say: Some say two to three GB. A run is")
    try Scratch.change(
      folder.appendingPathComponent("zh-Hans.md"), "录下",
      to: "[有人](https://example.org/said)说二到三 GB。录下")
    try expect(breakage, in: folder) {
      do {
        return ProseCheck(try Lesson(folder: folder)).problems()
      } catch {
        return ["\(error)"]
      }
    }
  }

  /// A lesson whose last step is of the debugger, and has a fact.
  static let debuggerStep = """

      - id: walk
        kind: step
        trace: run
        check: "SELECT :step = (SELECT min(id) FROM tile)"
        solution: ["goto {{first}}"]
        wrong: [[step], [next]]
    facts:
      said: {value: 2, source: "https://example.org/said"}
    """

  static let walks = [
    Breakage(
      "lesson.yml", "solution: [\"goto {{first}}\"]", "solution: [step]", "does not get there"),
    Breakage(
      "lesson.yml", "solution: [\"goto {{first}}\"]", "solution: [\"goto {{first}}\", step]",
      "arrives before the commands end"),
    Breakage("lesson.yml", "solution: [\"goto {{first}}\"]", "solution: [walk]", "cannot be done"),
    Breakage(
      "lesson.yml", "wrong: [[step], [next]]", "wrong: [[\"goto {{first}}\"]]",
      "a wrong attempt passes: goto"),
    Breakage(
      "lesson.yml", "check: \"SELECT :step = (SELECT min(id) FROM tile)\"", "check: SELECT 1",
      "before any command"),
    Breakage("lesson.yml", "https://example.org/said", "somebody", "is no address"),
    Breakage("en.md", "[they]({{said|source}})", "they", "is linked nowhere in en.md"),
  ]

  @Test(arguments: walks)
  func isFoundInStepsOfTheDebugger(_ breakage: Breakage) throws {
    let scratch = try Scratch()
    let folder = try scratch.lesson()
    let lesson = folder.appendingPathComponent("lesson.yml")
    try Scratch.change(
      lesson, "values:", to: "values:\n  first: {trace: run, sql: SELECT min(id) FROM tile}")
    try Scratch.change(lesson, "    answer: a\n", to: "    answer: a\n" + Self.debuggerStep)
    let words =
      "\n## walk\n\nAs [they]({{said|source}}) say.\n\n### question\n\nGo.\n\n### hint\n\nGo on.\n"
    for (file, last) in [
      ("en.md", "The table says when each was freed: `freed_step`."),
      ("zh-Hans.md", "表里写着每个 tile 何时释放：`freed_step`。"),
    ] {
      try Scratch.change(folder.appendingPathComponent(file), last, to: last + "\n" + words)
    }
    let recordings = scratch.url.appendingPathComponent("recordings")
    try expect(breakage, in: folder) {
      try? FileManager.default.removeItem(at: recordings)
      return LessonCheck(try Lesson(folder: folder)).problems(in: recordings)
    }
  }

  @Test func whatIsNoLessonIsSaid() throws {
    let scratch = try Scratch()
    try scratch.write("[1, 2]", to: "01-list/lesson.yml")
    try scratch.write("", to: "02-empty/lesson.yml")
    try scratch.write("minutes: 5\nsteps: [{id: a, kind: read}]", to: "03-mute/lesson.yml")
    let course = try Course(folder: scratch.url)
    for (name, problem) in zip(
      course.names, ["has to be a mapping", "is empty", "en.md: there is no such file"])
    {
      #expect {
        try course.lesson(in: course.place(of: name))
      } throws: {
        "\($0)".contains(problem)
      }
    }
    #expect(throws: LessonError.noLessons(folder: "/nowhere")) {
      try Course(folder: URL(fileURLWithPath: "/nowhere"))
    }
  }
}
