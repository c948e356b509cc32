import Basics
import Foundation
import Inference
import Recording
import TraceStore

/// `record`: a real recording with given options.
struct RecordStep: MakingStep {
  static let making = Phrase.recording
  static let alreadyMade = Phrase.recordedAlready
  static let keys = ["trace", "options", "fails"]

  let trace: String
  let fails: Bool
  private let options: [(String, String)]

  static let optionNames = [
    "prompt", "count", "parallel", "strategy", "tile-rows", "kv-type", "ubatch", "memory-budget",
    "capture", "threads", "model", "original",
  ]

  /// Options that name a model file.
  private static let modelOptions = ["model", "original"]

  init(_ step: YAMLMapping, id: String) throws {
    trace = try step.fileName("trace", of: "the step \"\(id)\"")
    fails = try step.flag("fails")
    let mapping = try step.mapping("options")
    try mapping?.allow(Self.optionNames, of: "the options of a recording")
    options = try step.texts("options")
    // A wrong option is found now, where it is written down as it is.
    for (name, value) in options where Template.holes(in: value).isEmpty {
      var trial = RecordingOptions(output: "")
      do {
        try Self.set(name, value, in: &trial)
      } catch let problem as OptionProblem {
        throw step.error(problem.text, at: mapping?[name])
      }
    }
  }

  var playTrace: String? { trace }
  var templates: [String] { options.map(\.1) }

  func path(in recordings: Recordings) -> String { recordings.path(of: trace) }

  func check(_ section: Prose.Section, path: String) throws {
    try section.allow(path: path, kind: "record")
  }

  func recipe(_ values: Values, model: String?) throws -> Recipe {
    let options = try self.options(values, model: model)
    let models = [options.model] + (options.original.map { [$0] } ?? [])
    let written = try self.options.filter { !Self.modelOptions.contains($0.0) }.map {
      (name: $0.0, value: try values.filled($0.1))
    }
    return try Recipe(written, models: models.map(ModelCatalogue.path))
  }

  func announcement(_ values: Values, model: String?) throws -> [String] {
    [commandLine(try options(values, model: model))]
  }

  func make(
    _ product: Product, _ values: Values, model: String?, text: EngineText, _ making: Making
  ) throws -> String? {
    let report = try record(product, values, model: model, making)
    if report.isInterrupted { return nil }
    if fails, report.failure == nil { return text(.didNotFail) }
    return text(
      fails ? .failedAsIntended : .recorded, formatCount(report.summary.events),
      formatBytes(report.summary.peak.total), formatBytes(report.summary.fileBytes))
  }

  func prove(_ proof: LessonProof) throws {
    let product = try self.product(proof.values, model: proof.model)
    let report = try record(product, proof.values, model: proof.model, .silent)
    proof.values.forget()
    try proof.expect(
      (report.failure != nil) == fails,
      fails
        ? "the recording does not end at its memory budget"
        : "the recording ends at its memory budget")
  }

  private func record(
    _ product: Product, _ values: Values, model: String?, _ making: Making
  ) throws -> RecordingReport {
    var options = try self.options(values, model: model)
    return try values.recordings.make(product) { part in
      options.output = part
      let report = try Recording.record(options, isCancelled: making.isCancelled) {
        making.show(Double($0.tokens) / Double(max($0.ofTokens, 1)))
      }
      if let error = report.error, report.failure == nil { throw error }
      return (report, isWhole: !report.isInterrupted)
    }
  }

  // MARK: - Options

  /// - Parameter model: the learner's.
  /// - Throws: ``LessonError``.
  func options(_ values: Values, model: String?) throws -> RecordingOptions {
    var result = RecordingOptions(output: "")
    result.model = model
    for (name, written) in options {
      if let packed = try Self.packedModel(written, values) {
        if name == "model" { result.model = packed } else { result.original = packed }
        continue
      }
      let value = try values.filled(written)
      do {
        try Self.set(name, value, in: &result)
      } catch let problem as OptionProblem {
        throw LessonError.badValue(name: name, problem: "of the recording: " + problem.text)
      }
    }
    return result
  }

  /// The file of a model that the lesson has packed, where `{{NAME}}` is one and no value.
  private static func packedModel(_ written: String, _ values: Values) throws -> String? {
    guard let hole = Template.holes(in: written).first, hole.format.isEmpty,
      written == "{{\(hole.name)}}", !values.knows(hole.name)
    else { return nil }
    guard values.recordings.hasModel(hole.name) else {
      throw LessonError.notRecorded(trace: hole.name)
    }
    return values.recordings.path(ofModel: hole.name)
  }

  /// What is wrong with an option.
  private struct OptionProblem: Error {
    let text: String
  }

  private static func set(_ name: String, _ value: String, in options: inout RecordingOptions)
    throws
  {
    func number(_ range: ClosedRange<Int>) throws -> Int {
      guard let number = Int(value) ?? Double(value).flatMap({ Int(exactly: $0.rounded()) }),
        range.contains(number)
      else {
        throw OptionProblem(
          text: "\"\(name)\" has to be \(range.lowerBound) to \(range.upperBound), not \"\(value)\""
        )
      }
      return number
    }
    func choice<Value: RawRepresentable & CaseIterable>(_ type: Value.Type) throws -> Value
    where Value.RawValue == String {
      guard let choice = Value(rawValue: value) else {
        let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
        throw OptionProblem(text: "\"\(name)\" can be \(known), not \"\(value)\"")
      }
      return choice
    }
    switch name {
    case "prompt": options.prompts = [value]
    case "count": options.count = try number(0...100_000)
    case "parallel": options.engine.sequences = try number(1...1024)
    case "strategy": options.engine.strategy = try choice(StrategyName.self)
    case "tile-rows": options.engine.tileRows = try number(1...1_000_000)
    case "kv-type": options.engine.kvType = try choice(KVType.self)
    case "ubatch": options.ubatch = try number(1...1_000_000)
    case "memory-budget":
      guard let bytes = parseBytes(value) ?? Double(value).flatMap({ Int(exactly: $0.rounded()) }),
        bytes > 0
      else { throw OptionProblem(text: "\"memory-budget\" has to be a size, not \"\(value)\"") }
      options.engine.memoryBudget = bytes
    case "capture": options.capture = try choice(Capture.self)
    case "threads": options.engine.threads = try number(1...1024)
    case "model": options.model = value
    case "original": options.original = value
    default: break
    }
  }

  /// What a person would type for it.
  private func commandLine(_ options: RecordingOptions) -> String {
    var words = ["nibble record"]
    if let model = options.model { words.append("-m \(model.quotedForShell)") }
    if let original = options.original { words.append("--original \(original.quotedForShell)") }
    for (name, value) in self.options where !Self.modelOptions.contains(name) {
      let value = Template.holes(in: value).isEmpty ? value : shown(name, options)
      let option = name == "prompt" ? "-p" : name == "count" ? "-n" : "--\(name)"
      words.append("\(option) \(value.quotedForShell)")
    }
    return words.joined(separator: " ")
  }

  /// An option that was filled from a measurement.
  private func shown(_ name: String, _ options: RecordingOptions) -> String {
    switch name {
    case "memory-budget": options.engine.memoryBudget.map(String.init) ?? ""
    case "count": String(options.count)
    case "parallel": String(options.engine.sequences)
    case "tile-rows": String(options.engine.tileRows)
    default: options.prompts.first ?? ""
    }
  }
}

extension String {
  /// As a shell takes it for one word.
  var quotedForShell: String {
    allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./=".contains($0)) }
      ? self : "'" + replacing("'", with: "'\\''") + "'"
  }
}
