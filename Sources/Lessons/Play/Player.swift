import Debugger
import Foundation
import Recording
import TraceStore

/// What ends a lesson from within a step.
enum LessonEnd: Error {
  case quit
}

/// Plays a lesson with a learner, and keeps how far they are.
public final class Player {
  let lesson: Lesson
  let language: Language
  let talk: Conversation
  let recordings: Recordings
  let values: Values
  private let file: ProgressFile
  private(set) var progress: LessonProgress
  /// The number of the step that is played.
  private(set) var index = 0

  var text: EngineText { talk.text }
  var step: Lesson.Step { lesson.steps[index] }
  /// What this step says; a lesson was checked to have it when it was read.
  var section: Prose.Section {
    prose.section(step.id) ?? Prose.Section(id: step.id, line: 0)
  }
  private var prose: Prose {
    guard let prose = lesson.prose[language] else {
      preconditionFailure("a lesson has all languages")
    }
    return prose
  }

  /// - Parameters:
  ///   - model: `-m`, or `nil` for that of the progress there is, else the built-in model.
  init(
    lesson: Lesson, language: Language, model: String?, talk: Conversation, file: ProgressFile
  ) {
    self.lesson = lesson
    self.language = language
    self.talk = talk
    self.file = file
    recordings = file.recordings(of: lesson.name)
    values = Values(facts: lesson.facts, queries: lesson.values, recordings: recordings)
    progress = file[lesson.name] ?? LessonProgress(model: model)
    if let model, (progress.model ?? "tiny") != model { restart(model: model, says: true) }
  }

  /// Forgets what was done in the lesson, recordings too.
  func restart(model: String?, says: Bool = false) {
    if says, progress.step != "" { talk.say(.otherModel, model ?? "tiny") }
    recordings.removeAll()
    values.forget()
    progress = LessonProgress(model: model)
  }

  /// Plays on from where the learner was.
  ///
  /// - Returns: whether the lesson came to its end.
  /// - Throws: ``LessonError``.
  @discardableResult
  func play() throws -> Bool {
    begin()
    do {
      while index < lesson.steps.count {
        try keep()
        try showHeading()
        switch try playStep() {
        case .passed:
          progress.skipped.removeAll { $0 == step.id }
          if !progress.passed.contains(step.id) { progress.passed.append(step.id) }
          try end(of: section)
        case .skipped:
          if !progress.skipped.contains(step.id) { progress.skipped.append(step.id) }
          try end(of: section)
        case .back:
          if index == 0 {
            talk.say(.cannotGoBack)
          } else {
            index -= 1
          }
        case .quit: throw LessonEnd.quit
        }
      }
    } catch LessonEnd.quit {
      try keep()
      talk.gap()
      talk.say(.quit, lesson.name)
      return false
    }
    progress.isFinished = true
    progress.step = ""
    try file.keep(progress, of: lesson.name)
    talk.gap()
    talk.say(.finished, lesson.title(in: language))
    return true
  }

  /// Plays the step; what it lacks on this model, or after a step that was skipped, ends no lesson.
  private func playStep() throws -> Outcome {
    do {
      return try step.kind.play(self)
    } catch let error as LessonError {
      if case .cannotWrite = error { throw error }
      return try cannotDo("\(error)")
    } catch let error as TraceError {
      return try cannotDo("\(error)")
    }
  }

  /// Finds the step to go on with, and says where that is.
  private func begin() {
    let count = lesson.steps.count
    for model in lesson.needs {
      do { _ = try ModelCatalogue.path(of: model) } catch {
        talk.say(.needsModel, model, "\(error)")
      }
    }
    talk.say("**\(lesson.title(in: language))**")
    if progress.isFinished {
      talk.say(.finishedAlready)
    } else if let found = lesson.steps.firstIndex(where: { $0.id == progress.step }), found > 0 {
      // What was made and is gone has to be made again.
      index =
        lesson.steps[..<found].firstIndex {
          !$0.kind.isMade(in: recordings) && !progress.skipped.contains($0.id)
        } ?? found
      talk.say(.resumed, "\(index + 1)", "\(count)")
    } else {
      talk.say(.lessonCommands)
    }
    talk.gap()
  }

  private func keep() throws {
    progress.step = index < lesson.steps.count ? step.id : ""
    try file.keep(progress, of: lesson.name)
  }

  private func showHeading() throws {
    let heading = text(.heading, "\(index + 1)", "\(lesson.steps.count)")
    let rule = talk.style.unicode ? "──" : "--"
    talk.gap()
    talk.show([talk.style.paint("\(rule) \(heading) \(rule)", .address)])
    talk.gap()
    show(section.text)
    if !section.text.text.isEmpty { talk.gap() }
  }

  /// What comes after a step: its last words, and measurements for what was predicted.
  private func end(of section: Prose.Section) throws {
    let isPrediction = step.kind is PredictStep
    if let after = section.after, !isPrediction {
      talk.gap()
      show(after)
    }
    talk.gap()
    try revealPredictions()
    if isPrediction, progress.said[step.id] != nil, !progress.revealed.contains(step.id) {
      talk.say(.comesLater)
      talk.gap()
    }
    index += 1
  }

  private func revealPredictions() throws {
    for (number, step) in lesson.steps.enumerated() where number <= index {
      guard let prediction = step.kind as? PredictStep, !progress.revealed.contains(step.id),
        progress.said[step.id] != nil || progress.skipped.contains(step.id)
      else { continue }
      do {
        guard try prediction.reveal(progress.said[step.id], self) else { continue }
      } catch {
        // A damaged recording, or ^C: it is tried again after the next step.
        talk.say("\(error)")
        continue
      }
      progress.revealed.append(step.id)
      if let after = prose.section(step.id)?.after {
        talk.gap()
        show(after)
      }
      talk.gap()
    }
  }

  /// Keeps what was predicted; `nil` for nothing.
  func remember(_ said: String?) {
    progress.said[step.id] = said
    progress.revealed.removeAll { $0 == step.id }
    if said != nil { talk.say(.saidNoted) }
  }

  // MARK: - Showing

  /// Shows a piece of prose; what cannot be filled is told in its place.
  func show(_ passage: Prose.Passage) {
    guard !passage.text.isEmpty else { return }
    let renderer = ProseRenderer(
      style: talk.style, fill: { [values, text] in values.filledForPeople($0, text) },
      block: { [recordings, values, text] in
        do {
          return try ProseBlock(info: $0, lines: $1)?.lines(recordings, values, $2)
        } catch {
          return [text(.cannotMeasure) + " " + "\(error)"]
        }
      })
    do {
      talk.show(try renderer.lines(passage.text))
    } catch {
      talk.say("\(error)")
    }
  }

  func showQuestion() throws {
    guard let question = section.question else { return }
    show(question)
    talk.gap()
  }

  func showChoices(_ keys: [String]) throws {
    for (number, key) in keys.enumerated() {
      guard let choice = section.choices.first(where: { $0.key == key }) else { continue }
      show(
        Prose.Passage(
          text: "**\(Choices.letter(number)))** " + choice.text.text, line: choice.text.line))
    }
    talk.gap()
  }

  func showReason(of key: String) throws {
    guard let reason = section.choices.first(where: { $0.key == key })?.reason else { return }
    show(reason)
    talk.gap()
  }
}

extension Values {
  /// A text with its templates filled; where a value is not there, that is said.
  func filledForPeople(_ text: String, _ engine: EngineText) -> String {
    Template.fill(text) { hole in
      (try? self.text(of: hole)) ?? "(" + engine(.notYet) + ")"
    }
  }
}
