import Basics
import Events
import Quantization
import TraceStore

extension DebuggerSession {
  /// Does `whatis`: type, shape and origin of an expression, without its values.
  func whatIs(_ text: String) throws {
    let expression = try Expression(text)
    guard case .name(let name, let slice) = expression else {
      if case .call(let name, _) = expression {
        let function = try ArrayFunction.named(name)
        return show(wrapped("\(text): a number, \(function.summary)", to: style.width))
      }
      return show(["\(text): a number"])
    }
    let object = Self.splitField(name).object
    if TraceObject.names.contains(object) {
      return show(wrapped(try kind(of: text), to: style.width))
    }
    var lines: [String]
    if let op = try op(named: name) {
      lines = try origin(of: op, slice)
    } else if let tensor = try trace.tensor(named: name) {
      lines = try origin(of: tensor, slice)
    } else {
      throw try unknown(name, advice: "\"info ops all\" and \"info tensors\" list names")
    }
    lines[0] = "\(name)\(slice?.text ?? ""): " + lines[0]
    show(lines.flatMap { wrapped($0, to: style.width, indent: "  ") })
  }

  private func kind(of text: String) throws -> String {
    switch try evaluate(text) {
    case .fields(_, let fields):
      return "\(text): \(fields.count) fields: \(fields.map(\.name).joined(separator: ", "))"
    case .figure(let value):
      let kind =
        switch value {
        case .integer: "a whole number"
        case .bytes: "a number of bytes"
        case .nanoseconds: "a time in nanoseconds"
        case .real, .measured: "a real number"
        case .text: "a text"
        case .none: "none here"
        }
      return "\(text): \(kind)"
    case .array: return text
    }
  }

  private func shape(_ selection: Selection) -> String {
    style.shape(selection.rows.count, selection.columns.count)
  }

  private func origin(of op: TraceOp, _ slice: Slice?) throws -> [String] {
    let heads = heads(of: op)
    let selection = try selection(slice, of: op)
    let meaning =
      switch heads {
      case .none: "tokens by columns"
      case .inColumns(let size): "tokens by \(op.cols / size) heads of \(size)"
      case .inRows(let tokens): "\(op.rows / max(tokens, 1)) heads of \(tokens) tokens by positions"
      }
    var lines = [
      slice == nil
        ? "f32, \(shape(selection)): \(meaning)"
        : "f32, \(shape(selection)) of \(style.shape(op.rows, op.cols)): \(meaning)",
      Place.equation(of: op, style: style),
      "computed in pass \(op.pass), steps \(op.steps.lowerBound) to \(op.steps.upperBound)",
    ]
    if op.operation == .kvAppend {
      lines.append("it has no values of its own: it stores its inputs in the KV cache")
    } else if meta["capture"] == "values" {
      lines.append("captured in the trace")
    } else {
      lines.append("not captured; recomputed from the model file when it is asked for")
    }
    return lines
  }

  private func origin(of tensor: TraceTensor, _ slice: Slice?) throws -> [String] {
    let selection = try Selection(
      slice, of: tensor.name, rows: tensor.rows, cols: tensor.cols, heads: .none, defaultRow: nil)
    var text = "\(tensor.type.lowercased()), \(shape(selection))"
    if slice != nil { text += " of \(style.shape(tensor.rows, tensor.cols))" }
    text += tensor.rows == 1 ? ": a vector" : ": outputs by inputs"
    var lines = [text]
    if let type = TensorType(name: tensor.type), type.isQuantized {
      lines.append(
        "blocks of \(type.blockSize) weights in \(type.blockBytes) bytes, "
          + "\(formatReal(tensor.bpw, digits: 4)) bits each, \(tensor.cols / type.blockSize) a row")
    }
    let file = meta["model_file"].map { " of \($0)" } ?? " of the model file"
    lines.append(
      "\(formatBytes(tensor.bytes)) from byte \(tensor.fileOffset)\(file)"
        + (tensor.layer.map { ", layer \($0)" } ?? ""))
    return lines
  }
}
