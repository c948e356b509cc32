import Basics
import Inference
import TraceStore

/// A figure that `print` shows, with its unit.
enum FieldValue: Equatable {
  case integer(Int)
  case bytes(Int)
  case nanoseconds(Int)
  case real(Double)
  /// A real number of something: `5.5` `bytes`.
  case measured(Double, _ unit: String)
  case text(String)
  case none

  /// The exact figure, and in brackets how it reads best.
  var text: String {
    switch self {
    case .integer(let value): String(value)
    case .bytes(let value):
      value.magnitude < 1024 ? "\(value) bytes" : "\(value) bytes (\(formatBytes(value)))"
    case .nanoseconds(let value):
      value.magnitude < 1000 ? "\(value) ns" : "\(value) ns (\(formatNanoseconds(value)))"
    case .real(let value): formatReal(value, digits: 9)
    case .measured(let value, let unit): "\(formatReal(value, digits: 9)) \(unit)"
    case .text(let value): value
    case .none: "none"
    }
  }

  static func integer(_ value: Int?) -> FieldValue { value.map { .integer($0) } ?? .none }
  static func nanoseconds(_ value: Int?) -> FieldValue {
    value.map { .nanoseconds($0) } ?? .none
  }
  static func real(_ value: Double?) -> FieldValue { value.map { .real($0) } ?? .none }
  static func text(_ value: String?) -> FieldValue { value.map { .text($0) } ?? .none }
}

/// Named figures in the order in which they are shown; the names are the trace's column names.
typealias Fields = [(name: String, value: FieldValue)]

/// The objects that stand at a place, by the names that `print` knows.
extension Place {
  static let objects = [
    "event", "op", "tile", "tensor", "matmul", "token", "pass", "mem", "kv", "step",
  ]

  var eventFields: Fields {
    var fields: Fields = [
      ("step", .integer(event.step)), ("kind", .text(event.kind.name)), ("op", .text(op?.name)),
      ("thread", .integer(event.thread)),
    ]
    if let buffer {
      fields += [
        ("buffer", .text(buffer.name)), ("category", .text(buffer.category.name)),
        ("bytes", .bytes(buffer.bytes)),
      ]
    }
    if let failure {
      fields += [
        ("buffer", .text(failure.name)), ("category", .text(failure.category.name)),
        ("bytes", .bytes(failure.bytes)), ("live", .bytes(failure.live)),
        ("budget", .bytes(failure.budget)),
      ]
    }
    return fields
  }

  static func fields(of op: TraceOp, tensor: TraceTensor?) -> Fields {
    [
      ("id", .integer(op.id)), ("name", .text(op.name)), ("kind", .text(op.kind)),
      ("pass", .integer(op.pass)), ("layer", .integer(op.layer)),
      ("inputs", .text(op.inputs.joined(separator: ", "))), ("tensor", .text(tensor?.name)),
      ("rows", .integer(op.rows)), ("cols", .integer(op.cols)),
      ("first_step", .integer(op.steps.lowerBound)), ("last_step", .integer(op.steps.upperBound)),
      ("duration_ns", .nanoseconds(op.duration)), ("sum", .real(op.statistics?.sum)),
      ("min", .real(op.statistics?.min)), ("max", .real(op.statistics?.max)),
      ("mean", .real(op.statistics?.mean)), ("rms", .real(op.statistics?.rms)),
    ]
  }

  static func fields(of tile: TraceTile, tensor: TraceTensor?) -> Fields {
    [
      ("id", .integer(tile.id)), ("weight_tile", .integer(tile.weightTile)),
      ("tensor", .text(tensor?.name)), ("first_row", .integer(tile.firstRow)),
      ("rows", .integer(tile.rows)), ("cols", .integer(tensor?.cols)),
      ("packed_bytes", .bytes(tile.packedBytes)), ("type", .text("\(tile.type)")),
      ("bytes", .bytes(tile.bytes)), ("made_step", .integer(tile.madeStep)),
      ("used_step", .integer(tile.usedStep)), ("freed_step", .integer(tile.freedStep)),
      ("in_buffer", .integer(tile.inBuffer)),
      ("dequantize_ns", .nanoseconds(tile.dequantizeDuration)),
      ("value_min", .real(tile.statistics?.min)), ("value_max", .real(tile.statistics?.max)),
      ("value_mean", .real(tile.statistics?.mean)), ("value_rms", .real(tile.statistics?.rms)),
    ]
  }

  static func fields(of tensor: TraceTensor) -> Fields {
    [
      ("id", .integer(tensor.id)), ("name", .text(tensor.name)), ("layer", .integer(tensor.layer)),
      ("role", .text(tensor.role)), ("type", .text(tensor.type)), ("rows", .integer(tensor.rows)),
      ("cols", .integer(tensor.cols)), ("bytes", .bytes(tensor.bytes)),
      ("file_offset", .integer(tensor.fileOffset)), ("bpw", .real(tensor.bpw)),
    ]
  }

  static func fields(of matmul: TraceMatmul) -> Fields {
    [
      ("m", .integer(matmul.m)), ("k", .integer(matmul.k)), ("n", .integer(matmul.n)),
      ("first_row", .integer(matmul.firstRow)), ("tile", .integer(matmul.tile)),
      ("flops", .integer(matmul.flops)), ("duration_ns", .nanoseconds(matmul.duration)),
    ]
  }

  static func fields(of token: TraceToken) -> Fields {
    [
      ("id", .integer(token.id)), ("text", .text(quoted(token.text))),
      ("sequence", .integer(token.sequence)), ("position", .integer(token.position)),
      ("is_prompt", .integer(token.isPrompt ? 1 : 0)),
      ("is_forced", .integer(token.isForced ? 1 : 0)), ("branch", .integer(token.branch)),
      ("logprob", .real(token.logprob)),
    ]
  }

  /// - Parameter meta: what the trace says of the whole run, where a pass does not say it.
  static func fields(of pass: TracePass, meta: [String: String]) -> Fields {
    [
      ("id", .integer(pass.id)), ("kind", .text(pass.kind == .prefill ? "prefill" : "decode")),
      ("first_position", .integer(pass.firstPosition)), ("tokens", .integer(pass.tokens)),
      ("first_step", .integer(pass.steps.lowerBound)),
      ("last_step", .integer(pass.steps.upperBound)), ("ops", .integer(pass.ops.count)),
      ("branch", .integer(pass.branch)), ("sequence", .integer(pass.sequence)),
      ("sequences", .integer(pass.sequences)),
      ("strategy", .text(pass.strategy ?? meta["strategy"])),
      ("tile_rows", .integer(pass.tileRows ?? meta["tile_rows"].flatMap { Int($0) })),
      ("kv_type", .text(pass.kvType ?? meta["kv_type"])),
      ("is_finished", .integer(pass.isFinished ? 1 : 0)),
      ("duration_ns", .nanoseconds(pass.duration)),
    ]
  }

  static func fields(of live: MemoryUse) -> Fields {
    [("live", .bytes(live.total))]
      + MemoryCategory.allCases.map { ($0.name, .bytes(live[$0])) }
  }
}
