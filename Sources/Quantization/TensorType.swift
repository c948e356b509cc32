// Case names are the formats' own.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CKernels

/// How the values of a tensor are stored; raw values are ggml's type codes, as GGUF files have
/// them. Only the types that nibble can decode are here.
///
/// Every type but the plain floats stores blocks: a few small integers and the scales that turn
/// them back into numbers. Each format's layout is on top of its own file, `Q4_0.swift` and so on.
public enum TensorType: UInt32, CaseIterable, Sendable {
  case f32 = 0
  case f16 = 1
  case q4_0 = 2
  case q4_1 = 3
  case q5_0 = 6
  case q5_1 = 7
  case q8_0 = 8
  case q2_K = 10
  case q3_K = 11
  case q4_K = 12
  case q5_K = 13
  case q6_K = 14
  case iq4_NL = 20
  case iq4_XS = 23
  case bf16 = 30
  case mxfp4 = 39
  /// Of bitsandbytes. GGUF has no such type: a file holds companion tensors (see `GGUFCompanions`),
  /// and a code of nibble's own stands for what they are made into.
  case nf4 = 0x100
  case fp4 = 0x101

  /// Lower-case name: `q4_0`, `q4_k`, `f16`, …
  public var name: String {
    switch self {
    case .f32: "f32"
    case .f16: "f16"
    case .q4_0: "q4_0"
    case .q4_1: "q4_1"
    case .q5_0: "q5_0"
    case .q5_1: "q5_1"
    case .q8_0: "q8_0"
    case .q2_K: "q2_k"
    case .q3_K: "q3_k"
    case .q4_K: "q4_k"
    case .q5_K: "q5_k"
    case .q6_K: "q6_k"
    case .iq4_NL: "iq4_nl"
    case .iq4_XS: "iq4_xs"
    case .bf16: "bf16"
    case .mxfp4: "mxfp4"
    case .nf4: "nf4"
    case .fp4: "fp4"
    }
  }

  /// The type of that name, in upper or lower case, or `nil`.
  public init?(name: String) {
    let lowercased = name.lowercased()
    guard let type = Self.allCases.first(where: { $0.name == lowercased }) else { return nil }
    self = type
  }

  /// Values of a block: 1 for plain floats, 32, 64 for nf4 and fp4, or 256 for a super-block.
  public var blockSize: Int { Int(nibble_block_values(rawValue)) }

  /// Bytes of a block.
  public var blockBytes: Int { Int(nibble_block_bytes(rawValue)) }

  /// Bits that one value costs, scales included: 4.5 for `q4_0`.
  public var bitsPerWeight: Double { Double(blockBytes) * 8 / Double(blockSize) }

  /// Whether values are stored as small integers with scales.
  public var isQuantized: Bool { blockSize > 1 }

  /// Whether ``encode(_:into:)`` writes this type.
  public var canEncode: Bool {
    switch self {
    case .f32, .f16, .bf16, .q8_0, .q4_0, .q4_1, .q5_0, .q5_1, .q4_K, .q5_K, .q6_K, .nf4, .fp4: true
    case .q2_K, .q3_K, .iq4_NL, .iq4_XS, .mxfp4: false
    }
  }

  /// Bytes of that many values, or `nil` if they are no whole number of blocks, or negative, or
  /// more bytes than an `Int` counts.
  public func byteCount(of values: Int) -> Int? {
    let (blocks, rest) = values.quotientAndRemainder(dividingBy: blockSize)
    guard values >= 0, rest == 0 else { return nil }
    let (bytes, overflow) = blocks.multipliedReportingOverflow(by: blockBytes)
    return overflow ? nil : bytes
  }
}
