import Basics
import Events
import TraceStore

/// What is alive, by category, on one line, with the change since another moment:
/// `94 MiB alive: weights 93.8 MiB, dequantized 72 KiB (+72 KiB), KV 352 KiB`.
func memoryLine(_ live: MemoryUse, since before: MemoryUse?, style: TextStyle) -> [String] {
  var parts: [(shown: String, columns: Int)] = []
  func add(_ name: String, _ bytes: Int, _ was: Int?, _ ink: Ink, ends: String) {
    var text = name.isEmpty ? formatBytes(bytes) : "\(name) \(formatBytes(bytes))"
    var columns = displayWidth(text)
    text = style.paint(text, ink)
    if let was, was != bytes {
      let change = " (\(bytes > was ? "+" : "")\(formatBytes(bytes - was)))"
      text += style.paint(change, .bold)
      columns += displayWidth(change)
    }
    parts.append((text + ends, columns + displayWidth(ends)))
  }
  add("", live.total, before?.total, .bold, ends: " alive:")
  let shown = MemoryPlot.stack.filter { live[$0] > 0 || (before?[$0] ?? 0) > 0 }
  for category in shown {
    add(
      category.look.word, live[category], before?[category], .memory(category),
      ends: category == shown.last ? "" : ",")
  }

  var lines: [String] = []
  var line = "  "
  var used = 2
  for part in parts {
    if used > 4, used + 1 + part.columns > style.width {
      lines.append(line)
      line = "    "
      used = 4
    }
    line += (used > 4 || (used > 2 && lines.isEmpty) ? " " : "") + part.shown
    used += part.columns + 1
  }
  return lines + [line]
}
