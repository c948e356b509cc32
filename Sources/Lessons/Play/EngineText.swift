import Foundation
import LessonContent

/// A sentence of the engine itself; what it says is in lessons/engine, by language.
enum Phrase: String, CaseIterable {
  case enter, more, answerPrompt, choicePrompt
  case heading, resumed, quit, finished, finishedAlready, lessonCommands
  case noHint, hintsLeft, solution, skipped, cannotGoBack, playing, playedNothing, back
  case answerBytes, answerPercent, answerCount, answerTimes, answerBits, answerTime, answerNumber
  case chooseOneOf, right, wrong, saidNoted
  case youSaid, measured, close, tooHigh, tooLow, answerTooHigh, answerTooLow, choiceRight,
    choiceSaid, choiceMeasured, comesLater, skippedComesLater
  case sqlHow, sqlWrongColumns, sqlWrongRows, sqlWrongValues, noRows, moreRows
  case debuggerHow, answerHow, cannotMeasure, notYet
  case madeThoughSkipped, setAside, olderRecordings
  case recording, recorded, recordedAlready, interrupted, failedAsIntended, didNotFail
  case packing, packed, packedAlready, training, trained, trainedAlready
  case info, needsModel, otherModel
  case list, listDone, listStarted, listNew, listHow
  case progressDamaged, progressNewer, summaryMissing, summarySaved
}

/// The engine's sentences in one language.
public struct EngineText: Sendable {
  let language: Language
  private let sentences: [String: String]

  /// - Throws: ``LessonError/file(path:line:problem:)``.
  public init(_ language: Language, folder: URL? = nil) throws {
    self.language = language
    let url = (folder ?? LessonContent.engine).appendingPathComponent(language.rawValue + ".yml")
    let file = try YAMLMapping.read(url)
    try file.allow(Phrase.allCases.map(\.rawValue), of: "the engine's sentences")
    var sentences: [String: String] = [:]
    for (key, _) in file.entries { sentences[key] = try file.string(key) }
    for phrase in Phrase.allCases where sentences[phrase.rawValue] == nil {
      throw file.error("\"\(phrase.rawValue)\" is missing")
    }
    self.sentences = sentences
  }

  /// That the summary was saved.
  public func saved(as path: String) -> String { self(.summarySaved, path) }

  /// A sentence with `{0}`, `{1}` … filled.
  func callAsFunction(_ phrase: Phrase, _ arguments: String...) -> String {
    arguments.enumerated().reduce(sentences[phrase.rawValue] ?? phrase.rawValue) {
      $0.replacing("{\($1.offset)}", with: $1.element)
    }
  }
}
