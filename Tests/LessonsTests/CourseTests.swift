import Foundation
import Testing

@testable import Lessons

@Suite struct CourseTests {
  @Test(arguments: Language.allCases)
  func theEngineSpeaksEveryLanguage(_ language: Language) throws {
    let folder = Project.lessons.appendingPathComponent("engine")
    let text = try EngineText(language, folder: folder)
    let english = try EngineText(.english, folder: folder)
    for phrase in Phrase.allCases {
      // The same things are filled in.
      for place in ["{0}", "{1}", "{2}", "{3}"] {
        #expect(text(phrase).contains(place) == english(phrase).contains(place), "\(phrase)")
      }
    }
  }

  @Test(
    arguments: [
      (["LANG": "zh_CN.UTF-8"], .simplifiedChinese), (["LANG": "en_US.UTF-8"], .english),
      (["LC_ALL": "zh-Hans", "LANG": "en"], .simplifiedChinese),
      (["LC_ALL": "", "LC_MESSAGES": "zh_SG", "LANG": "de"], .simplifiedChinese),
      (["LC_ALL": "C", "LANG": "zh_CN"], .english), (["LANG": "de_DE"], .english), ([:], .english),
    ] as [([String: String], Language)])
  func theLanguageIsThatOfTheLocale(_ environment: [String: String], _ language: Language) {
    #expect(Language.of(environment: environment) == language)
  }

  /// Each reason of each prediction of the course, after a guess of its choice, right or wrong.
  @Test(arguments: Project.names, Language.allCases)
  func everyReasonOfAPredictionIsShown(_ name: String, _ language: Language) throws {
    let scratch = try Scratch()
    let lesson = try Lesson(folder: Project.course.appendingPathComponent(name))
    for section in lesson.prose[language]?.sections ?? [] {
      let step = try #require(lesson.steps.first { $0.id == section.id })
      guard step.kind is PredictStep else { continue }
      for (guess, other) in zip(section.choices, section.choices.dropFirst() + section.choices) {
        let reasons = [guess, other].compactMap(\.reason)
        for right in [guess.key, other.key] {
          let shown = try PlayedLesson.comparison(
            lesson, language, state: scratch.url, said: guess.key, right: right, of: section)
          for reason in right == guess.key ? reasons.prefix(1) : reasons[...] {
            let first = Template.fill(reason.text) { _ in "(" }.prefix { !"*`([".contains($0) }
            #expect(
              shown.filter { !$0.isWhitespace }.contains(first.filter { !$0.isWhitespace }),
              "\(section.id) \(guess.key)")
          }
        }
      }
    }
  }

  @Test func lessonsAreFoundByNumberAndName() throws {
    let scratch = try Scratch()
    for name in ["01-one-block", "02-two-blocks", "10-ten"] {
      try scratch.write("", to: name + "/lesson.yml")
    }
    try scratch.write("", to: "notes/readme.md")
    let course = try Course(folder: scratch.url)
    #expect(course.names == ["01-one-block", "02-two-blocks", "10-ten"])
    #expect(try course.find("2").lastPathComponent == "02-two-blocks")
    #expect(try course.find("010").lastPathComponent == "10-ten")
    #expect(try course.find("Two").lastPathComponent == "02-two-blocks")
    #expect(try course.find("01-one-block").lastPathComponent == "01-one-block")
    #expect(
      throws: LessonError.ambiguousLesson("block", matches: ["01-one-block", "02-two-blocks"])
    ) {
      try course.find("block")
    }
    #expect(throws: LessonError.unknownLesson("3", known: course.names)) { try course.find("3") }
    try scratch.write("", to: "02-more/lesson.yml")
    #expect(throws: LessonError.ambiguousLesson("2", matches: ["02-more", "02-two-blocks"])) {
      try Course(folder: scratch.url).find("2")
    }
  }

  @Test func aLessonOfOnesOwnIsFoundByItsFolder() throws {
    let scratch = try Scratch()
    let own = try NewLesson.make("mine", in: scratch.url.appendingPathComponent("own"))
    let course = try Course(folder: Project.course)
    let found = try course.find(own.path + "/")
    let lesson = try course.lesson(in: found)
    #expect(lesson.folder.path == own.path)
    #expect(lesson.address == own.path)
    #expect(lesson.key != lesson.name)
    #expect(throws: LessonError.noLessons(folder: "./nowhere")) { try course.find("./nowhere") }
    // Lessons of a course go by their names.
    let first = try course.lesson(in: course.find("1"))
    #expect(first.key == first.name)
    #expect(first.address == first.name)
    // Its key is a name that a file can have.
    let deep = scratch.url.appendingPathComponent(
      [String](repeating: "a-long-name-of-a-folder", count: 20).joined(separator: "/"))
    let far = try Lesson(folder: NewLesson.make("mine", in: deep), isByPath: true)
    #expect(far.key.count <= 80)
  }

  @Test func newLessonsGetTheNextNumber() throws {
    let scratch = try Scratch()
    #expect(try NewLesson.make("first", in: scratch.url).lastPathComponent == "01-first")
    #expect(try NewLesson.make("second", in: scratch.url).lastPathComponent == "02-second")
    #expect(try NewLesson.make("09-ninth", in: scratch.url).lastPathComponent == "09-ninth")
    #expect(try NewLesson.make("tenth", in: scratch.url).lastPathComponent == "10-tenth")
    #expect(throws: LessonError.self) { try NewLesson.make("02-second", in: scratch.url) }
    for name in ["", "..", "a/b", "12", "a b", "é"] {
      #expect(throws: LessonError.badName(name)) { try NewLesson.make(name, in: scratch.url) }
    }
  }

  @Test func theListSaysHowFarTheLearnerIs() throws {
    let scratch = try Scratch()
    let course = scratch.url.appendingPathComponent("course")
    for name in ["one", "two", "three"] { _ = try NewLesson.make(name, in: course) }
    let file = ProgressFile(folder: scratch.url)
    var done = LessonProgress()
    done.isFinished = true
    try file.keep(done, of: "01-one")
    var begun = LessonProgress()
    begun.passed = ["begin", "guess"]
    try file.keep(begun, of: "02-two")
    let lines = try Learning(folder: course, language: .english, state: scratch.url).list()
    #expect(lines[0] == "✓  1  A new lesson  5 min  done")
    #expect(lines[1] == "…  2  A new lesson  5 min  2 of 5 steps")
    #expect(lines[2].hasPrefix("   3  A new lesson  5 min"))
  }
}
