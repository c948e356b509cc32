import Basics
import Events
import Foundation
import Inference
import ModelFiles
import Recording
import TraceStore

/// Where numbers come from: the trace where it captured them; otherwise they are recomputed from
/// the model file, and say so.
final class ValueSource {
  private let trace: Trace
  let meta: [String: String]
  private let modelName: String?
  private let originalPath: String?
  private var recomputation: Recomputation?
  /// Outputs that were asked for last.
  private var recent: [OpOutput] = []
  private var openFile: ModelFile?
  private var openModel: LoadedModel?
  private var openOriginal: ModelFile?
  /// Asked often while a model runs; `true` ends that.
  var isCancelled: () -> Bool = { false }
  /// Told before each pass that is recomputed how many are done, of how many.
  var progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }

  /// Told of every operation that is recomputed before it is done: how far its pass is.
  var passProgress: (PassProgress) -> Void = { _ in }

  /// - Parameters:
  ///   - modelName: the model file, in place of the one that the trace names.
  ///   - originalPath: the same model before its weights were quantized, in place of the one that the
  ///     trace was recorded with.
  init(trace: Trace, meta: [String: String], modelName: String?, originalPath: String?) {
    self.trace = trace
    self.meta = meta
    self.modelName = modelName
    self.originalPath = originalPath ?? Self.recordedOriginal(trace, meta)
  }

  /// The unquantized model that the trace was recorded with (`record --original`), where it is
  /// still there.
  private static func recordedOriginal(_ trace: Trace, _ meta: [String: String]) -> String? {
    guard let name = meta["original_file"], !name.isEmpty,
      let path = try? ModelCatalogue.path(of: name), let file = try? ModelFile(path: path),
      let tensors = try? trace.tensors()
    else { return nil }
    let isOriginal = tensors.allSatisfy {
      (try? file.unquantizedTensor($0.name, rows: $0.rows, cols: $0.cols)) != nil
    }
    return isOriginal ? path : nil
  }

  /// How packed weights got to a product in an operation's pass, or `nil` where the trace does not
  /// say.
  func strategy(of op: TraceOp) throws -> StrategyName? {
    (try trace.pass(op.pass)?.strategy ?? meta["strategy"]).flatMap(StrategyName.init(rawValue:))
  }

  /// How keys and values were kept in an operation's pass, or `nil` where the trace does not say.
  func kvType(of op: TraceOp) throws -> String? {
    try trace.pass(op.pass)?.kvType ?? meta["kv_type"]
  }

  /// The name of the model file without its folder.
  private func fileName(_ path: String) -> String { URL(filePath: path).lastPathComponent }

  // MARK: - Outputs of operations

  /// The whole output of an operation.
  ///
  /// - Throws: `DebuggerError.notCaptured` where the trace has no values and they cannot be
  ///   recomputed, and `InferenceError.interrupted`.
  func output(of op: TraceOp) throws -> OpOutput {
    if let known = recent.first(where: { $0.op.id == op.id }) { return known }
    let output = try read(op)
    if recent.count >= 6 { recent.removeFirst() }
    recent.append(output)
    return output
  }

  private func read(_ op: TraceOp) throws -> OpOutput {
    if let values = try trace.value(ofOp: op.id) {
      return OpOutput(op: op, values: values, model: nil, differs: nil)
    }
    guard op.operation != .kvAppend else {
      throw DebuggerError.nothingHere(
        what: "output of \(op.name)", step: op.steps.upperBound,
        advice: "it only stores \(op.inputs.joined(separator: " and ")), which have values")
    }
    let (found, path) = try recomputing(op.name) {
      (
        try $0.output(of: op, isCancelled: isCancelled, progress: progress), $0.loaded.path
      )
    }
    guard let values = found, values.count == op.rows * op.cols else {
      throw DebuggerError.notCaptured(
        name: op.name, reason: "\(path) has no such operation, or one of another shape")
    }
    return OpOutput(
      op: op, values: values, model: fileName(path), differs: difference(of: values, to: op))
  }

  /// The output of the operation of that name in the pass of another.
  func output(named name: String, beside op: TraceOp) throws -> OpOutput {
    guard let input = try trace.op(named: name, inPass: op.pass) else {
      throw DebuggerError.unknownName(
        name: name, advice: "\(op.name) reads it, but the trace has no such operation")
    }
    return try output(of: input)
  }

  /// Does something with the recomputation, and says of what fails that it was for `name`.
  private func recomputing<T>(_ name: String, _ body: (Recomputation) throws -> T) throws -> T {
    do {
      let current = try recomputation ?? Recomputation(trace: trace, loaded: model())
      recomputation = current
      let (layers, tell) = (current.loaded.model.config.layerCount, passProgress)
      current.operationBegins = { tell(PassProgress(operation: $0, layer: $1, layers: layers)) }
      defer { current.operationBegins = { _, _ in } }
      return try body(current)
    } catch InferenceError.interrupted {
      throw InferenceError.interrupted
    } catch DebuggerError.needsModel(let reason) {
      throw DebuggerError.notCaptured(name: name, reason: reason)
    } catch {
      throw DebuggerError.notCaptured(name: name, reason: "\(error)")
    }
  }

  /// How what was recomputed differs from what was recorded, or `nil` where no figure does.
  private func difference(of values: [Float], to op: TraceOp) -> String? {
    guard let recorded = op.statistics else { return nil }
    let now = values.withUnsafeBufferPointer { ValueStatistics($0) }
    let figures = [
      ("sum", recorded.sum, now.sum), ("min", recorded.min, now.min),
      ("max", recorded.max, now.max), ("rms", recorded.rms, now.rms),
    ]
    guard let (name, was, isNow) = figures.first(where: { $1 != $2 && !($1.isNaN && $2.isNaN) })
    else { return nil }
    return "its \(name) was recorded as \(formatReal(was, digits: 9)) and is "
      + "\(formatReal(isNow, digits: 9)) now"
  }

  // MARK: - The KV cache

  /// Keys or values that an operation and those of its name in earlier passes appended, as they were
  /// computed, of the first `count` positions of a sequence, `(nKVHead * headSize)` each.
  func cached(
    _ part: CachePart, by append: TraceOp, sequence: Int, count: Int
  ) throws -> [[Float]] {
    var rows: [[Float]] = []
    for pass in try trace.passes(leadingTo: append.pass) {
      guard let op = try trace.op(named: append.name, inPass: pass.id), op.inputs.count == 2,
        let input = try trace.op(named: op.inputs[part.rawValue], inPass: pass.id)
      else { continue }
      guard let values = try trace.value(ofOp: input.id) else {
        let history = try recomputing(append.name) {
          try $0.history(throughPass: append.pass, isCancelled: isCancelled, progress: progress)
        }
        rows = append.layer.map { part.rows(of: history, sequence, $0) } ?? []
        break
      }
      for (row, token) in try trace.tokens(inPass: pass.id).enumerated()
      where token.sequence == sequence && (row + 1) * input.cols <= values.count {
        rows.append(Array(values[row * input.cols..<(row + 1) * input.cols]))
      }
    }
    guard rows.count >= count else { throw missingPositions(append.name, rows.count, count) }
    return Array(rows.prefix(count))
  }

  private func missingPositions(_ name: String, _ found: Int, _ needed: Int) -> DebuggerError {
    .notCaptured(name: name, reason: "\(found) of \(needed) positions are there")
  }

  // MARK: - Files

  /// The model file that was recorded.
  ///
  /// - Throws: `DebuggerError.needsModel` where it is not there or another.
  func file() throws -> ModelFile {
    if let openFile { return openFile }
    let file = try needingModel {
      let (path, _) = try RecordedModel.find(meta: meta, named: modelName)
      return try ModelFile(path: path)
    }
    openFile = file
    return file
  }

  /// The recorded model with its tokenizer.
  ///
  /// - Throws: `DebuggerError.needsModel` where the file is not there or not surely the one.
  func model() throws -> LoadedModel {
    if let openModel { return openModel }
    let model = try needingModel {
      let (path, isChecked) = try RecordedModel.find(meta: meta, named: modelName)
      guard isChecked else {
        throw RecordingError.notRecomputable(
          trace: trace.path, reason: "it has no SHA-256 that would tell its model file from others")
      }
      return try LoadedModel(path)
    }
    openModel = model
    return model
  }

  private func needingModel<T>(_ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch {
      var reason = "\(error)"
      if modelName == nil, case RecordingError.unknownModel? = error as? RecordingError {
        reason += " Where it lies elsewhere, `-m FILE` names it."
      }
      throw DebuggerError.needsModel(reason: reason)
    }
  }

  /// A weight tensor of the model file, which is the one that the trace has under this name.
  func weights(named name: String) throws -> WeightMatrix {
    let file = try file()
    guard let recorded = try trace.tensor(named: name), let tensor = file.tensor(named: name),
      tensor.rows == recorded.rows, tensor.cols == recorded.cols,
      tensor.typeName.lowercased() == recorded.type.lowercased(),
      tensor.fileOffset == recorded.fileOffset
    else {
      throw DebuggerError.needsModel(
        reason: "\(file.path) has no tensor '\(name)' like the one that was recorded")
    }
    return try WeightMatrix(file: file, tensor: tensor)
  }

  /// Checks that the file that was named as the original has every matrix that the trace has.
  ///
  /// - Throws: `RecordingError.notTheOriginal`, `GGUFError`.
  func checkOriginal() throws {
    guard let originalPath else { return }
    let file = try ModelFile(path: originalPath)
    for tensor in try trace.tensors() {
      try file.unquantizedTensor(tensor.name, rows: tensor.rows, cols: tensor.cols)
    }
    openOriginal = file
  }

  /// The tensor before it was quantized, where a file of such was named.
  ///
  /// - Throws: `RecordingError.notTheOriginal`.
  func original(of matrix: WeightMatrix) throws -> WeightMatrix? {
    guard let originalPath else { return nil }
    let file = try openOriginal ?? ModelFile(path: originalPath)
    openOriginal = file
    let tensor = try file.unquantizedTensor(matrix.name, rows: matrix.rows, cols: matrix.cols)
    return try WeightMatrix(file: file, tensor: tensor)
  }
}

/// Half of what the KV cache holds; the raw value is its place among the inputs of `kv_append`.
enum CachePart: Int {
  case keys = 0
  case values

  func rows(of history: KeyValueHistory, _ sequence: Int, _ layer: Int) -> [[Float]] {
    switch self {
    case .keys: history.keys(sequence: sequence, layer: layer)
    case .values: history.values(sequence: sequence, layer: layer)
    }
  }
}

/// The output of an operation, `(op.rows, op.cols)` row-major.
struct OpOutput {
  let op: TraceOp
  let values: [Float]
  /// The file that it was recomputed from, or `nil` where the trace has it.
  let model: String?
  /// How it differs from the recorded run's figures, or `nil`.
  let differs: String?

  func row(_ index: Int) -> [Float] { Array(values[index * op.cols..<(index + 1) * op.cols]) }

  /// `(recomputed from tiny.gguf)`, or nothing.
  var note: String? {
    guard let model else { return nil }
    guard let differs else { return "(recomputed from \(model))" }
    return "(recomputed from \(model), not as in the recorded run: \(differs))"
  }
}
