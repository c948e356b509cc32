import CKernels
import Testing

/// The kernels that this processor can run, the best last.
enum InstructionSet: UInt32, CaseIterable, Sendable {
  /// SSE2 or NEON, which every machine has.
  case baseline = 0
  #if arch(arm64)
    case neon
  #else
    case avx2, avx512
  #endif

  var code: nibble_isa { nibble_isa(rawValue) }

  static let available = allCases.filter { $0.rawValue <= nibble_isa_best().rawValue }
}

/// Weights of one type, in memory as a kernel takes them, with some bytes before them so that they
/// are aligned to nothing.
struct Packed {
  let type: UInt32
  let bytes: [UInt8]
  let offset: Int
  /// What they are.
  let values: [Float]

  init(_ values: [Float], type: Int, offset: Int = 0) {
    self.type = UInt32(type)
    self.offset = offset
    var bytes = [UInt8](repeating: 0xff, count: offset)
    var rounded: [Float] = []
    for value in values {
      switch type {
      case NIBBLE_TYPE_F16:
        let bits = nibble_float_to_half(value)
        rounded.append(nibble_half_to_float(bits))
        withUnsafeBytes(of: bits) { bytes += $0 }
      case NIBBLE_TYPE_BF16:
        let bits = nibble_float_to_bfloat(value)
        rounded.append(nibble_bfloat_to_float(bits))
        withUnsafeBytes(of: bits) { bytes += $0 }
      default:
        rounded.append(value)
        withUnsafeBytes(of: value) { bytes += $0 }
      }
    }
    self.bytes = bytes
    self.values = rounded
  }

  /// The types that products take.
  static let types = [NIBBLE_TYPE_F32, NIBBLE_TYPE_F16, NIBBLE_TYPE_BF16].map { Int($0) }
}
