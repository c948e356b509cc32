import Debugger
import Foundation
import Recording

/// Checks a lesson: that its own solutions pass and nothing wrong does, that all its numbers are
/// measured, and that its languages say the same.
struct LessonCheck {
  let lesson: Lesson
  /// `-m`, or `nil` for the built-in model.
  let model: String?

  init(_ lesson: Lesson, model: String? = nil) {
    self.lesson = lesson
    self.model = model
  }

  /// What is wrong, a line each; nothing where all is right.
  ///
  /// - Parameters:
  ///   - folder: where its recordings go.
  ///   - progress: called with the id of each step before it is tried.
  func problems(in folder: URL, progress: (String) -> Void = { _ in }) -> [String] {
    ProseCheck(lesson).problems() + proof(folder, progress)
  }

  private func proof(_ folder: URL, _ progress: (String) -> Void) -> [String] {
    let proof = LessonProof(lesson: lesson, model: model, folder: folder)
    var problems = lesson.needs.filter { name in
      !ModelCatalogue.entries.contains { $0.name == name }
    }.map { "\(lesson.name): it needs the model \"\($0)\", which the catalogue does not have." }
    func attempt(_ step: Lesson.Step, _ what: String? = nil, _ body: () throws -> Void) -> Bool {
      proof.step = step
      do {
        try body()
        return true
      } catch {
        problems.append(line(step, (what.map { $0 + ": " } ?? "") + "\(error)"))
        return false
      }
    }
    for step in lesson.steps {
      progress(step.id)
      fill(step, proof, isAfter: false, attempt)
      let done = attempt(step) { try step.kind.prove(proof) }
      // What follows needs what could not be made.
      if !done, !(step.kind is SQLStep || step.kind is DebuggerStep || step.kind is ExplainStep) {
        return problems
      }
      if !(step.kind is PredictStep) { fill(step, proof, isAfter: true, attempt) }
      proof.predictions.removeAll { prediction in
        var isRevealed = true
        _ = attempt(prediction.step) { isRevealed = try prediction.kind.proveReveal(proof) }
        if isRevealed { fill(prediction.step, proof, isAfter: true, attempt) }
        return isRevealed
      }
    }
    for (step, _) in proof.predictions {
      problems.append(line(step, "its value is never measured, as a recording is missing."))
    }
    problems += proof.values.constants(in: "\(lesson.name)/lesson.yml")
    for name in lesson.values.keys.sorted() {
      do {
        if try proof.values.measure(name).contains(.null) {
          problems.append("\(lesson.name): the value \"\(name)\" is NULL.")
        }
      } catch {
        problems.append("\(lesson.name): \(error)")
      }
    }
    return problems
  }

  /// Fills what a step shows before it is passed, or after.
  private func fill(
    _ step: Lesson.Step, _ proof: LessonProof, isAfter: Bool,
    _ attempt: (Lesson.Step, String?, () throws -> Void) -> Bool
  ) {
    for language in Language.allCases {
      guard let section = lesson.prose[language]?.section(step.id) else { continue }
      for (name, passage) in section.passages where (name == "what comes after") == isAfter {
        _ = attempt(step, "\(language.rawValue).md:\(passage.line), \(name)") {
          let renderer = ProseRenderer(
            style: TextStyle(), fill: { try proof.values.filledStrictly($0) },
            block: { info, lines, style in
              let shown = try ProseBlock(info: info, lines: lines)?.lines(
                proof.recordings, proof.values, style)
              if let wide = shown?.first(where: { $0.hasSuffix("…") }),
                StyledLine([Span(text: wide, style: .plain)]).width >= style.width
              {
                throw proof.failure("a block is wider than \(style.width) columns")
              }
              return shown
            })
          _ = try renderer.lines(passage.text)
        }
      }
    }
  }

  private func line(_ step: Lesson.Step, _ problem: String) -> String {
    let place = step.line.map { " (lesson.yml:\($0))" } ?? ""
    let end = problem.hasSuffix(".") ? "" : "."
    return "\(lesson.name), step \"\(step.id)\"\(place): \(problem)\(end)"
  }
}

extension Values {
  /// A text with its templates filled.
  ///
  /// - Throws: as ``Values/text(of:)``.
  func filledStrictly(_ text: String) throws -> String { try Template.fill(text, self.text(of:)) }
}
