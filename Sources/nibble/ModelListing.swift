import Basics
import Foundation
import Inference
import ModelFiles

/// The metadata and tensors of a file, as `nibble inspect` shows them.
struct ModelListing: Encodable {
  struct Tensor: Encodable {
    let name, type: String
    let shape: [Int]
    let bytes, fileOffset: Int
    let bitsPerWeight: Double

    init(_ tensor: StoredTensor) {
      name = tensor.name
      type = tensor.typeName
      shape = tensor.shape
      bytes = tensor.byteCount
      fileOffset = tensor.fileOffset
      bitsPerWeight = tensor.bitsPerWeight
    }

    enum CodingKeys: String, CodingKey {
      case name, type, shape, bytes
      case fileOffset = "file_offset"
      case bitsPerWeight = "bpw"
    }
  }

  struct Total: Encodable {
    let type: String
    let tensors, weights, bytes: Int
  }

  let path: String
  let version, fileSize: Int
  let metadata: [String: String]
  let tensors: [Tensor]
  let totals: [Total]
  /// Tensors that the forward pass does not use; `nil` for a model that nibble does not run.
  let unusedTensors: [String]?
  private let keys: [String]

  enum CodingKeys: String, CodingKey {
    case path, version, metadata, tensors, totals
    case fileSize = "file_bytes"
    case unusedTensors = "unused_tensors"
  }

  init(_ gguf: GGUF) {
    let file = gguf.model
    path = file.path
    version = gguf.version
    fileSize = gguf.fileSize
    keys = file.metadata.keys
    metadata = Dictionary(
      keys.map { ($0, file.metadata[$0].map(Self.text) ?? "") }, uniquingKeysWith: { $1 })
    tensors = file.tensors.map(Tensor.init)
    totals = Dictionary(grouping: file.tensors, by: \.typeName).map { type, tensors in
      Total(
        type: type, tensors: tensors.count, weights: tensors.reduce(0) { $0 + $1.count },
        bytes: tensors.reduce(0) { $0 + $1.byteCount })
    }.sorted { ($0.bytes, $0.type) > ($1.bytes, $1.type) }
    unusedTensors = try? Model.unusedTensors(of: file)
  }

  var text: String {
    var lines = [
      "\(path): \(GGUF.name) version \(version), \(formatBytes(fileSize))", "", "metadata",
    ]
    lines += keys.map {
      "  \(padded(Self.short($0), to: 38)) \(Self.short(metadata[$0] ?? ""))"
    }
    var sums = Table(
      [("", .left), ("", .right), ("", .right), ("", .right), ("", .right)],
      atLeast: [6, 11, 20, 9, 11])
    for total in totals {
      let bits = Double(total.bytes) * 8 / Double(max(total.weights, 1))
      sums.add(
        total.type, "\(total.tensors) tensors", "\(formatCount(total.weights)) weights",
        formatBytes(total.bytes), String(format: "%.4g bpw", bits))
    }
    lines += ["", "tensors"] + Self.table(of: tensors).map { "  " + $0 }
    if let unusedTensors, !unusedTensors.isEmpty {
      lines += ["", "not used by the forward pass"] + unusedTensors.map { "  " + escaped($0) }
    }
    lines += ["", "totals by type"] + sums.lines().map { "  " + $0 }
    return lines.joined(separator: "\n")
  }

  static func table(of tensors: [Tensor]) -> [String] {
    var table = Table(
      [("", .left), ("", .left), ("", .left), ("", .right), ("", .right), ("", .left)],
      atLeast: [28, 6, 16, 8, 11])
    for tensor in tensors {
      table.add(
        escaped(tensor.name), tensor.type, tensor.shape.map(String.init).joined(separator: " × "),
        formatBytes(tensor.bytes), String(format: "%.4g bpw", tensor.bitsPerWeight),
        "at byte \(tensor.fileOffset)")
    }
    return table.lines()
  }

  /// At most 73 columns of a text from a file, in which nothing acts on the terminal.
  private static func short(_ text: String) -> String {
    truncated(escaped(String(text.unicodeScalars.prefix(400))), to: 73)
  }

  /// A value as text; of an array its length and type.
  private static func text(_ value: GGUFValue) -> String {
    switch value {
    case .string(let text):
      return text
    case .bool(let flag): return flag ? "true" : "false"
    case .array(let array):
      return "\(array.count) × \(array.elementType.name)"
    default:
      return value.int.map(String.init) ?? value.double.map { "\(Float($0))" } ?? value.type.name
    }
  }
}
