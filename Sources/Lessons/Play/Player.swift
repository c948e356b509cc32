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
  /// - Throws: ``LessonError/cannotWrite(path:reason:)``, or `RecordingError` where there is no such
  ///   model.
  init(
    lesson: Lesson, language: Language, model: String?, talk: Conversation, file: ProgressFile
  ) throws {
    self.lesson = lesson
    self.language = language
    self.talk = talk
    self.file = file
    let wanted = model.map(ModelCatalogue.reference)
    var progress = file[lesson.key] ?? LessonProgress(model: wanted)
    let before = progress.model ?? ModelCatalogue.defaultName
    let other = wanted.flatMap { $0 == before ? nil : $0 }
    // The progress on each model is kept, as its recordings are.
    if let other {
      try file.keep(progress, of: "\(lesson.key) \(before)")
      progress = file["\(lesson.key) \(other)"] ?? LessonProgress(model: other)
    }
    recordings = try file.recordings(of: lesson.key, model: progress.model)
    values = Values(facts: lesson.facts, queries: lesson.values, recordings: recordings)
    self.progress = progress
    if let other { talk.say(.otherModel, other, before) }
  }

  /// Forgets what was done in the lesson on this model, recordings too.
  func restart() {
    recordings.removeAll()
    values.forget()
    progress = LessonProgress(model: progress.model)
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
      talk.say(.quit, lesson.address.quotedForShell)
      return false
    }
    progress.isFinished = true
    progress.step = ""
    try file.keep(progress, of: lesson.key)
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
    setAsideWhatIsOtherwise()
    if progress.isFinished {
      talk.say(.finishedAlready)
    } else if let found = lesson.steps.firstIndex(where: { $0.id == progress.step }), found > 0 {
      // What was made and is gone has to be made again.
      index =
        lesson.steps[..<found].firstIndex { !isMade($0) && !progress.skipped.contains($0.id) }
        ?? found
      talk.say(.resumed, "\(index + 1)", "\(count)")
    } else {
      talk.say(.lessonCommands)
    }
    talk.gap()
  }

  /// Whether the file that a step makes is there; `true` for a kind that makes none.
  private func isMade(_ step: Lesson.Step) -> Bool {
    guard let kind = step.kind as? any MakingStep else { return true }
    return (try? kind.product(values, model: progress.model).isMade) ?? false
  }

  /// Nothing is measured on what would be made otherwise now.
  private func setAsideWhatIsOtherwise() {
    for case let kind as any MakingStep in lesson.steps.map(\.kind) {
      do {
        if try kind.product(values, model: progress.model).isMade { continue }
      } catch {
        // Without its model it stays, as it cannot be made anew.
        guard case LessonError.notRecorded = error else { continue }
      }
      let path = kind.path(in: recordings)
      if let kept = recordings.setAside(path) {
        values.forget()
        talk.say(.setAside, URL(fileURLWithPath: path).lastPathComponent, kept)
      }
    }
    let folder = file.recordingsFolder(of: lesson.key)
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    if files.contains(where: { $0.hasSuffix(".sqlite") || $0.hasSuffix(".gguf") }) {
      talk.say(.olderRecordings, folder.path)
    }
  }

  private func keep() throws {
    progress.step = index < lesson.steps.count ? step.id : ""
    try file.keep(progress, of: lesson.key)
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
    if isPrediction, !progress.revealed.contains(step.id) {
      talk.say(progress.said[step.id] == nil ? .skippedComesLater : .comesLater)
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
        guard let section = prose.section(step.id),
          try prediction.reveal(progress.said[step.id], of: section, self)
        else { continue }
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

  func showChoices(_ keys: [String], of choices: Choices) throws {
    for key in keys {
      guard let choice = section.choices.first(where: { $0.key == key }) else { continue }
      show(
        Prose.Passage(
          text: "**\(choices.letter(of: key)))** " + choice.text.text, line: choice.text.line))
    }
    talk.gap()
  }

  func showReason(of key: String, in section: Prose.Section) {
    guard let reason = section.choices.first(where: { $0.key == key })?.reason else { return }
    show(reason)
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
