import Basics
import Foundation
import GGUF
import Inference

/// The metadata and tensors of a file, as `nibble inspect` shows them.
struct ModelListing: Encodable {
  struct Tensor: Encodable {
    let name, type: String
    let shape: [Int]
    let bytes, fileOffset: Int
    let bitsPerWeight: Double

    init(_ tensor: GGUFTensor) {
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

    var text: String {
      let dimensions = shape.map(String.init).joined(separator: " × ")
      let columns = [name.column(28), type.column(6), dimensions.column(16)]
      let numbers = String(format: "%9.4g bpw  at byte %d", bitsPerWeight, fileOffset)
      return columns.joined(separator: "  ") + formatBytes(bytes).column(-10) + numbers
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
  private let keys: [String]

  enum CodingKeys: String, CodingKey {
    case path, version, metadata, tensors, totals
    case fileSize = "file_bytes"
  }

  init(_ file: GGUFFile) {
    path = file.path
    version = file.version
    fileSize = file.fileSize
    keys = file.metadata.keys
    metadata = Dictionary(
      keys.map { ($0, file.metadata[$0].map(Self.text) ?? "") }, uniquingKeysWith: { $1 })
    tensors = file.tensors.map(Tensor.init)
    totals = Dictionary(grouping: file.tensors, by: \.typeName).map { type, tensors in
      Total(
        type: type, tensors: tensors.count, weights: tensors.reduce(0) { $0 + $1.count },
        bytes: tensors.reduce(0) { $0 + $1.byteCount })
    }.sorted { ($0.bytes, $0.type) > ($1.bytes, $1.type) }
  }

  var text: String {
    var lines = ["\(path): GGUF version \(version), \(formatBytes(fileSize))", "", "metadata"]
    lines += keys.map { "  \($0.onOneLine(72).column(38)) \((metadata[$0] ?? "").onOneLine(72))" }
    lines += ["", "tensors"] + tensors.map { "  " + $0.text } + ["", "totals by type"]
    lines += totals.map { total in
      let bits = Double(total.bytes) * 8 / Double(max(total.weights, 1))
      return "  \(total.type.column(6)) \("\(total.tensors) tensors".column(-12))"
        + "\("\(formatCount(total.weights)) weights".column(-22))"
        + formatBytes(total.bytes).column(-11) + String(format: "%9.4g bpw", bits)
    }
    return lines.joined(separator: "\n")
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

extension String {
  /// At most `limit` characters, control characters escaped: what a file says cannot steer the
  /// terminal.
  func onOneLine(_ limit: Int) -> String {
    let escaped = unicodeScalars.prefix(limit + 1).map { scalar in
      scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : "\(scalar)"
    }.joined()
    return escaped.count > limit ? escaped.prefix(limit) + "…" : escaped
  }

  /// Filled with spaces to `width` columns; to the left where it is negative.
  func column(_ width: Int) -> String {
    let missing = String(repeating: " ", count: max(0, abs(width) - count))
    return width < 0 ? missing + self : self + missing
  }
}
