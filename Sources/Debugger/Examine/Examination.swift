import Basics
import ModelFiles
import TraceStore

/// What `x` looks at, and where it goes on.
struct Examination {
  let tensor: String
  var format: ExamineFormat
  /// The next value, counted over the whole tensor.
  var value: Int
  /// The next byte, counted from the tensor's first.
  var byte: Int
}

extension DebuggerSession {
  /// Does `x`: the rest of the line begins with `/` where it has a format.
  func examine(_ arguments: String) throws {
    let (format, target) = try Self.splitFormat(arguments, last: examined?.format)
    if target.isEmpty, var examination = examined {
      if let format { examination.format = format }
      return try examine(examination, isFirst: false)
    }
    let (name, row, column) = try place(toExamine: target)
    let matrix = try values.weights(named: name)
    guard row < matrix.rows, column < matrix.cols else {
      throw DebuggerError.badSlice(
        slice: target, name: name,
        reason: "it has \(matrix.rows) rows of \(matrix.cols), both counted from 0")
    }
    let value = row * matrix.cols + column
    var initial = try ExamineFormat("", last: examined?.format)
    if let format { initial = format }
    try examine(
      Examination(
        tensor: name, format: initial, value: value,
        byte: value / matrix.type.blockSize * matrix.type.blockBytes), isFirst: true)
  }

  /// `/32xb NAME` as the format and the rest; no format without a slash.
  private static func splitFormat(
    _ arguments: String, last: ExamineFormat?
  ) throws -> (ExamineFormat?, target: String) {
    guard arguments.hasPrefix("/") else { return (nil, arguments) }
    let (word, target) = split(String(arguments.dropFirst()))
    return (try ExamineFormat(word, last: last), target)
  }

  /// The tensor, row and column that `x` is asked for; without a name the tile here.
  private func place(toExamine target: String) throws -> (String, row: Int, column: Int) {
    if target.isEmpty {
      let place = try place()
      guard let tensor = place.tensor else {
        throw DebuggerError.nothingHere(
          what: "tile", step: place.step,
          advice: "name a tensor: x/32xb blk.0.attn_q.weight (\"info tensors\" lists them)")
      }
      return (tensor.name, place.tile?.firstRow ?? place.matmul?.firstRow ?? 0, 0)
    }
    guard let (name, slice) = Slice.split(target), slice?.head == nil,
      slice?.parts.count ?? 0 <= (slice?.rows == nil ? 2 : 1)
    else {
      throw DebuggerError.badArgument(
        command: "x", found: target, expected: "a tensor, as NAME, NAME[row=3] or NAME[3, 64]")
    }
    guard let tensor = try trace.tensor(named: name) else {
      if let op = try op(named: name) {
        throw DebuggerError.otherKind(
          name: name, kind: "the output of an operation",
          advice: "x shows packed weights, and \"print \(op.name)[0..8]\" values like these")
      }
      throw try unknown(name, advice: "\"info tensors\" lists the tensors")
    }
    func start(_ part: Slice.Part?) throws -> Int {
      switch part {
      case nil: return 0
      case .index(let index), .range(let index?, _):
        guard index >= 0 else {
          throw DebuggerError.badSlice(
            slice: target, name: name, reason: "rows and columns count from 0")
        }
        return index
      case .range(nil, _): return 0
      }
    }
    let parts = slice?.parts ?? []
    if let rows = slice?.rows { return (name, try start(rows), try start(parts.first)) }
    if parts.count == 2 { return (name, try start(parts[0]), try start(parts[1])) }
    return tensor.rows == 1
      ? (name, 0, try start(parts.first)) : (name, try start(parts.first), 0)
  }

  private func examine(_ examination: Examination, isFirst: Bool) throws {
    var next = examination
    let matrix = try values.weights(named: examination.tensor)
    if isFirst && examination.format.unit != .blocks {  // blocks say themselves where they are
      show(wrapped(heading(of: matrix, at: examination), to: style.width))
    }
    var lines: [String]
    switch examination.format.unit {
    case .bytes(let letter, let size):
      lines = bytes(of: matrix, letter, size: size, &next)
    case .values:
      lines = try self.values(of: matrix, &next)
    case .blocks:
      lines = try blocks(of: matrix, &next)
    }
    if lines.isEmpty { lines = ["That was the end of \(matrix.name)."] }
    show(lines)
    examined = next
  }

  private func heading(of matrix: WeightMatrix, at examination: Examination) -> String {
    let row = examination.value / matrix.cols
    let column = examination.value % matrix.cols
    var text = "\(matrix.name) (\(matrix.type.name), \(style.shape(matrix.rows, matrix.cols)))"
    text += " from row \(row)" + (column > 0 ? ", column \(column)" : "")
    let offset = matrix.tensor.fileOffset + examination.byte
    return text
      + (matrix.tensor.isMapped
        ? ": byte \(offset) of \(matrix.file.path.split(separator: "/").last ?? "")"
        : ": as it is in memory, made of several tensors of the file")
  }

  /// `0x0012d690 <+0>: 0xd3 0x12 …`: addresses in the file and offsets in the tensor.
  private func bytes(
    of matrix: WeightMatrix, _ letter: ExamineFormat.Letter, size: Int, _ next: inout Examination
  ) -> [String] {
    let all = matrix.file.bytes(of: matrix.tensor)
    let width = ExamineFormat.width(letter, size: size)
    let room = style.width - 24
    var across = max(2, min(8, 16 / size))
    while across > 1 && across * (width + 1) > room { across /= 2 }
    let end = min(all.count / size * size, next.byte + next.format.count * size)
    var lines: [String] = []
    while next.byte < end {
      let stop = min(end, next.byte + across * size)
      let numbers = stride(from: next.byte, to: stop, by: size).map { start in
        let value = (0..<size).reduce(UInt64(0)) { $0 | UInt64(all[start + $1]) << (8 * $1) }
        return padded(
          ExamineFormat.text(value, letter, size: size), to: width,
          letter == .character ? .left : .right)
      }
      let address = "0x" + String(matrix.tensor.fileOffset + next.byte, radix: 16)
      let place = matrix.tensor.isMapped ? "\(address) <+\(next.byte)>:" : "<+\(next.byte)>:"
      lines.append(padded(place, to: 22) + numbers.joined(separator: " "))
      next.byte = stop
    }
    next.value = next.byte / matrix.type.blockBytes * matrix.type.blockSize
    return lines
  }

  /// `[3, 64]: 0.0123 …`: dequantized values with their row and column.
  private func values(of matrix: WeightMatrix, _ next: inout Examination) throws -> [String] {
    let across = max(1, min(4, (style.width - 16) / 15))
    let end = min(matrix.rows * matrix.cols, next.value + next.format.count)
    var lines: [String] = []
    while next.value < end {
      let (row, column) = next.value.quotientAndRemainder(dividingBy: matrix.cols)
      let stop = min(matrix.cols, column + across, column + end - next.value)
      let numbers = try matrix.row(row)[column..<stop].map {
        padded(formatReal(Double($0), digits: 8), to: 14, .right)
      }
      lines.append(padded("[\(row), \(column)]:", to: 14) + numbers.joined(separator: " "))
      next.value += stop - column
    }
    next.byte = next.value / matrix.type.blockSize * matrix.type.blockBytes
    return lines
  }

  private func blocks(of matrix: WeightMatrix, _ next: inout Examination) throws -> [String] {
    let first = next.value / matrix.type.blockSize
    let end = min(matrix.rows * matrix.blocksInRow, first + next.format.count)
    var lines: [String] = []
    for number in first..<max(first, end) {
      if number > first { lines.append("") }
      lines += blockLines(of: try matrix.block(number), width: style.width)
    }
    next.value = max(first, end) * matrix.type.blockSize
    next.byte = max(first, end) * matrix.type.blockBytes
    return lines
  }
}
