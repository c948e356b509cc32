import Basics
import Foundation
import ModelFiles
import Quantization
import Recording

/// `quantize`: a model file of the lesson, packed as another type, that `record` can name.
struct QuantizeStep: MakingStep {
  static let making = Phrase.packing
  static let alreadyMade = Phrase.packedAlready
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

  func path(in recordings: Recordings) -> String { recordings.path(ofModel: model) }

  func check(_ section: Prose.Section, path: String) throws {
    try section.allow(path: path, kind: "quantize")
  }

  func recipe(_ values: Values, model: String?) throws -> Recipe {
    try Recipe([(name: "type", value: type.name)], models: [source(values.recordings, model)])
  }

  func prove(_ proof: LessonProof) throws {
    let product = try self.product(proof.values, model: proof.model)
    let text = try EngineText(.english)
    _ = try make(product, proof.values, model: proof.model, text: text, .silent)
  }

  func make(
    _ product: Product, _ values: Values, model: String?, text: EngineText, _ making: Making
  ) throws -> String? {
    let source = try GGUF(path: self.source(values.recordings, model))
    let quantizer = try GGUFQuantizer(target: type, threads: 2)
    var (done, before, after) = (0, 0, 0)
    func add(_ report: GGUFQuantizer.Report) {
      done += 1
      before += report.bytesBefore
      after += report.bytesAfter
      making.show(Double(done) / Double(max(source.model.tensors.count, 1)))
    }
    do {
      try values.recordings.make(product) { part in
        try quantizer.quantize(source, to: part, progress: add, isCancelled: making.isCancelled)
        return ((), isWhole: true)
      }
    } catch GGUFError.interrupted {
      return nil
    }
    return text(.packed, type.name, formatBytes(before), formatBytes(after))
  }

  /// The path of the model that is packed.
  private func source(_ recordings: Recordings, _ model: String?) throws -> String {
    guard let from else { return try ModelCatalogue.path(of: model) }
    guard recordings.hasModel(from) else { throw LessonError.notRecorded(trace: from) }
    return recordings.path(ofModel: from)
  }
}
