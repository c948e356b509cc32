import Foundation
import ModelFiles
import Quantization
import TestSupport
import Testing
import TraceStore

@testable import Recording

/// Weights of the model file in queries, against the decoder and against the bytes themselves.
@Suite struct ModelWeightsTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    var options = RecordingOptions(output: folder.file())
    options.count = 1
    _ = try record(options)
  }

  private static func session(_ path: String, model: String? = nil) throws -> QuerySession {
    let session = try QuerySession(path: path)
    session.weights = try ModelWeights(of: Trace(path: path), named: model)
    return session
  }

  @Test func aWeightIsWhatTheBlockGives() throws {
    let path = folder.file()
    let session = try Self.session(path)
    let file = try ModelFile(path: ModelCatalogue.path(of: "tiny"))
    for name in ["token_embd.weight", "blk.1.attn_q.weight", "blk.0.attn_norm.weight"] {
      let tensor = try file.requiredTensor(named: name)
      let values = try file.values(of: tensor)
      for (row, col) in [(0, 0), (tensor.rows - 1, tensor.cols - 1), (tensor.rows / 2, 5)] {
        let result = try session.result(
          of: """
            SELECT tensor_value(:t, :r, :c), tensor_scale(:t, :r, :c) * tensor_nibble(:t, :r, :c)
              + coalesce(tensor_minimum(:t, :r, :c), 0), tensor_offset(:t, :r, :c)
            """, with: ["t": .text(name), "r": .integer(row), "c": .integer(col)])
        let numbers = result.rows[0]
        let value = values[row * tensor.cols + col]
        #expect(numbers[0] == .real(Double(value)))
        // tiny is q4_k: scale × nibble + minimum.
        if try file.type(of: tensor).isQuantized {
          let made = try #require(numbers[1].number)
          #expect(abs(made - Double(value)) <= 1e-6)
        } else {
          #expect(numbers[1] == .null)
          #expect(numbers[2] == .integer(tensor.fileOffset + 4 * (row * tensor.cols + col)))
        }
        #expect(try #require(numbers[2].number) >= Double(tensor.fileOffset))
      }
    }
  }

  /// The nibble, scale and minimum at the byte that is told, taken from the file by hand.
  @Test func theOffsetLeadsToTheNibble() throws {
    let path = folder.file()
    let session = try Self.session(path)
    let file = try ModelFile(path: ModelCatalogue.path(of: "tiny"))
    let tensor = try #require(file.tensors.first { $0.type == .q4_K })
    let bytes = try Data(contentsOf: URL(fileURLWithPath: file.path), options: .alwaysMapped)
    func half(_ offset: Int) -> Float {
      Float(Float16(bitPattern: UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8))
    }
    for col in [0, 7, 32, 63, 64, 127] {
      let row = try session.result(
        of: """
          SELECT tensor_offset(:t, 2, :c), tensor_nibble(:t, 2, :c), tensor_scale(:t, 2, :c),
            tensor_minimum(:t, 2, :c)
          """, with: ["t": .text(tensor.name), "c": .integer(col)]
      ).rows[0]
      guard case .integer(let offset) = row[0] else { throw WeightFailure("no offset") }
      // q4_k: d and dmin as float16, 12 bytes of 6-bit scales and minimums (the first four are the
      // low bits of a byte each), 128 bytes of nibbles: 32 low ones, then 32 high ones.
      let sub = col / 32
      let byte = bytes[offset + 16 + col / 64 * 32 + col % 32]
      #expect(row[1] == .integer(Int(sub % 2 == 0 ? byte & 15 : byte >> 4)))
      #expect(row[2] == .real(Double(half(offset) * Float(bytes[offset + 4 + sub] & 63))))
      #expect(row[3] == .real(Double(-half(offset + 2) * Float(bytes[offset + 8 + sub] & 63))))
    }
  }

  @Test(arguments: [
    ("tensor_value('nothing', 0, 0)", "the trace has no tensor 'nothing'"),
    ("tensor_value('blk.0.attn_norm.weight', 1, 0)", "it has no (1, 0), which count from 0"),
    ("tensor_nibble('blk.0.attn_norm.weight', 0, -1)", "it has no (0, -1), which count from 0"),
  ])
  func whatIsNotThereIsSaid(expression: String, message: String) throws {
    let path = folder.file()
    let session = try Self.session(path)
    let error = #expect(throws: TraceError.self) {
      _ = try session.result(of: "SELECT \(expression)")
    }
    #expect(try #require(error).description.contains(message))
  }

  @Test func aMissingOrOtherModelFileIsSaid() throws {
    let path = folder.file()
    let other = folder.file("other.gguf")
    var bytes = try Data(contentsOf: URL(fileURLWithPath: ModelCatalogue.path(of: "tiny")))
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: URL(fileURLWithPath: other))
    for (model, problem) in [
      ("/nowhere/model.gguf", "'/nowhere/model.gguf' is not there; name the file with -m"),
      (
        other,
        "\(other) is another than was recorded (its SHA-256 differs); name that one with -m, or "
          + "record the trace again"
      ),
    ] {
      let session = try Self.session(path, model: model)
      let error = #expect(throws: TraceError.self) {
        _ = try session.result(of: "SELECT tensor_value('token_embd.weight', 0, 0)")
      }
      #expect(
        try #require(error).description
          == "SQL: tensor_value: this reads the model file, and \(problem)")
    }
  }
}
