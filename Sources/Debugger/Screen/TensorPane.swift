import Basics
import TraceStore

/// The tensors of the operation at the cursor: the packed weights that it reads and the
/// activations that it makes.
struct TensorPane {
  let model: ScreenModel

  var title: String { model.place.op?.name ?? "tensor" }

  /// - Returns: at most `rows` lines of at most `width` columns.
  func lines(width: Int, rows: Int, style: TextStyle, focus: inout ScreenFocus) -> [String] {
    var lines: [String] = []
    if let op = model.place.op {
      lines += wrapped(Place.equation(of: op, style: style), to: width - 2)
      lines += OperationFacts(op: op, step: model.step).lines(style: style)
      if !model.values.isEmpty {
        let values = model.values.map { formatReal(Double($0), digits: 4) }
        lines += wrapped("first values \(values.joined(separator: ", "))", to: width - 2)
      }
    }
    if let tensor = model.place.tensor {
      let whole = tensor.dequantizedBytes
      lines += [
        "", style.paint(tensor.name, .bold),
        "\(style.shape(tensor.rows, tensor.cols)) of \(tensor.type.lowercased()), "
          + "\(formatReal(tensor.bpw, digits: 4)) bits a weight",
        "\(formatBytes(tensor.bytes)) packed at byte \(tensor.fileOffset)"
          + (whole.map { ", \(formatBytes($0)) as float16" } ?? ""),
      ]
    }
    if lines.isEmpty { lines = wrapped(model.place.happened(style: style), to: width - 2) }
    let first = focus.first(of: .tensor, from: 0, count: lines.count, rows: rows)
    return lines.dropFirst(first).prefix(rows).map {
      " " + StyledLine.cut($0, to: width - 2, style: style)
    }
  }
}

/// A line with colours cut to a width.
enum StyledLine {
  static func cut(_ line: String, to width: Int, style: TextStyle) -> String {
    StyledText(parsing: line).columns <= width
      ? line : truncated(StyledText(parsing: line).plain, to: width, unicode: style.unicode)
  }
}
