import Foundation
import GGUF
import Inference
import Quantization
import Recording

/// `quantize`: a model file of the lesson, packed as another type, that `record` can name.
struct QuantizeStep: StepKind {
  static let keys = ["model", "options"]

  let model: String
  private let type: TensorType
  /// What is packed: the model of an earlier step, or `nil` for the learner's.
  private let from: String?

  init(_ step: YAMLMapping, id: String) throws {
    model = try step.fileName("model", of: "the step \"\(id)\"")
    guard let options = try step.mapping("options") else {
      throw step.error("the step \"\(id)\" needs \"options\" with a \"type\"")
    }
    try options.allow(["type", "from"], of: "the options of \"quantize\"")
    let name = try options.required("type", of: "the step \"\(id)\"")
    guard let type = TensorType(name: name), type.canEncode else {
      let known = TensorType.allCases.filter(\.canEncode).map(\.name).joined(separator: ", ")
      throw options.error("\"type\" can be \(known), not \"\(name)\"", at: options["type"])
    }
    self.type = type
    let from = try options.string("from")
    self.from = from == "model" ? nil : from
  }

  func isMade(in recordings: Recordings) -> Bool { recordings.hasModel(model) }

  func check(_ section: Prose.Section, path: String) throws {
    try section.allow(path: path, kind: "quantize")
  }

  func play(_ player: Player) throws -> Outcome {
    if player.recordings.hasModel(model) {
      player.talk.say(.packedAlready)
      return try player.waitForEnter()
    }
    while true {
      let outcome = try player.waitForEnter()
      guard outcome == .passed else { return outcome }
      do {
        let bytes = try player.making(.packing) { progress in
          try pack(
            player.progress.model, player.recordings, isCancelled: progress.isCancelled
          ) { done, all in
            progress.show(fraction: Double(done) / Double(max(all, 1)))
          }
        }
        player.talk.say(.packed, type.name, formatBytes(bytes.before), formatBytes(bytes.after))
        return .passed
      } catch GGUFError.interrupted {
        player.talk.say(.interrupted)
      } catch {
        player.talk.say("\(error)")
      }
    }
  }

  func prove(_ proof: LessonProof) throws {
    _ = try pack(proof.model, proof.recordings) { _, _ in }
  }

  func solutionLines(_ values: Values) throws -> [String] { [""] }

  /// - Returns: the bytes of its tensors, before and after.
  private func pack(
    _ model: String?, _ recordings: Recordings, isCancelled: @escaping () -> Bool = { false },
    progress: @escaping (_ done: Int, _ all: Int) -> Void
  ) throws -> (before: Int, after: Int) {
    if let from, !recordings.hasModel(from) { throw LessonError.notRecorded(trace: from) }
    let path = try from.map(recordings.path(ofModel:)) ?? ModelCatalogue.path(of: model)
    let source = try GGUFFile(path: path)
    let quantizer = try GGUFQuantizer(target: type, threads: 2)
    var (done, before, after) = (0, 0, 0)
    try recordings.make(recordings.path(ofModel: self.model)) { part in
      func add(_ report: GGUFQuantizer.Report) {
        done += 1
        before += report.bytesBefore
        after += report.bytesAfter
        progress(done, source.tensors.count)
      }
      try quantizer.quantize(source, to: part, progress: add, isCancelled: isCancelled)
      return ((), isWhole: true)
    }
    return (before, after)
  }
}
